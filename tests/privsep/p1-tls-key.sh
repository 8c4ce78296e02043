# SPDX-License-Identifier: ISC
# p1-tls-key.sh: P1 for TLS: the private keys are in signd and nowhere else,
# in none of their forms (numbers, DER, lines of PEM), after handshakes with
# each, a reload and a new start of every process.  Controls: signd has the
# numbers, and a process that was given each form is found out.
# as: both
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../certs.sh"
k_need_build
if [ "$(id -u)" -ne 0 ]; then
	k_ok "reading the memory of the roles needs root: not run"
	k_done
fi
k_new tlskey
k_ca
k_cert p256 DNS:localhost $EC256
k_cert p384 DNS:p384.test $EC384
k_cert rsa DNS:rsa.test $RSA2048
k_cert ed DNS:ed.test -algorithm ED25519
k_tls_conf p256 p384 rsa ed
echo 'limits { header-timeout 1s }' >>"$K_DIR/more.conf"
SCAN=$K_OBJ/privsep/memscan

hits() {	# file pid
	"$SCAN" "$1" "$2" | awk '{ print $3 }'
}
hex() {
	od -An -v -tx1 | tr -d ' \n'
	echo
}
# The secret numbers of a key, in hex, as long as the scan takes them.
numbers() {	# key
	openssl pkey -in "$1" -noout -text | awk '
	    /^(priv|prime1|prime2|coefficient):/ { on = 1; n = ""; next }
	    /^[^ ]/ { if (on) print n; on = 0 }
	    on { gsub(/[ :]/, ""); n = n $0 }
	    END { if (on) print n }' | sed 's/^00//'
}
# Whole pieces of the DER behind what all keys of a kind begin with.
der() {		# key
	openssl pkey -in "$1" -outform DER | tail -c 64 | hex
}
pem() {		# key
	sed '/^---/d' "$1" | awk 'length >= 24' | while read -r _l; do
		printf %s "$_l" | hex
	done
}
all="p256 p384 rsa ed"
for k in $all; do
	numbers "$C/$k.key" >"$C/$k.numbers"
	pem "$C/$k.key" >"$C/$k.pemtext"
	# What ends in the public part is not a secret: EC keys have that.
	case $k in
	rsa)	der "$C/$k.key" >>"$C/$k.numbers" ;;
	esac
	k_true "$k: the test knows its secret numbers" \
	    test "$(wc -c <"$C/$k.numbers")" -ge 60
done
case $(cat "$C/p256.pemtext" | wc -l) in
[2-9])	k_ok "lines of PEM are known" ;;
*)	k_bad "lines of PEM are known" "$(cat "$C/p256.pemtext")" ;;
esac
# Of EC keys the last line of PEM is of the public part.
for k in p256 p384; do
	sed -i 2,\$d "$C/$k.pemtext"
done
cat "$C"/*.numbers >"$C/all"
cat "$C"/*.pemtext >"$C/text"
k_start

shake() {
	for n in localhost p384.test rsa.test ed.test; do
		k_sclient $n >"$C/out" || k_bad "handshake $n" "$(cat "$C/out")"
	done
	i=0
	while [ $i -lt 20 ]; do
		curl -s --cacert "$K_CA" -o "$C/out" "$T_URL/healthz"
		i=$((i + 1))
	done
}
nowhere() {	# when
	for role in keepd listener authd pwhash toold; do
		case $role in
		keepd)	_p=$(k_pid) ;;
		*)	_p=$(k_role_pids $role) ;;
		esac
		for p in $_p; do
			k_eq "$1: $role $p: no number of a TLS key" \
			    "$(hits "$C/all" "$p")" 0
			k_eq "$1: $role $p: no text of a TLS key" \
			    "$(hits "$C/text" "$p")" 0
		done
	done
}
shake
for k in $all; do
	k_true "control: signd has the numbers of $k" \
	    test "$(hits "$C/$k.numbers" "$(k_role_pids signd)")" -gt 0
done
k_eq "signd keeps no text of a key" \
    "$(hits "$C/text" "$(k_role_pids signd)")" 0
nowhere "after handshakes"

# ---- a process that was given a form is found out ----
for form in "$C/all" "$C/text"; do
	perl -e 'open F, "<", $ARGV[0]; local $/; $s = <F>;
	    @a = map { pack "H*", $_ } split /\n/, $s; sleep 60' "$form" &
	planted=$!
	sleep 0.3
	k_true "control: planted $(basename "$form") is found" \
	    test "$(hits "$form" $planted)" -gt 0
	kill $planted
done

# ---- keys that were replaced are wiped when their time is over ----
cp "$C/p256.numbers" "$C/old"
k_cert p256 DNS:localhost $EC256
numbers "$C/p256.key" >>"$C/all"
k_true "reload" k_ctl reload
shake
i=0
while [ "$(hits "$C/old" "$(k_role_pids signd)")" != 0 ] && [ $i -lt 50 ]; do
	sleep 0.1
	i=$((i + 1))
done
k_eq "signd has forgotten the key of before" \
    "$(hits "$C/old" "$(k_role_pids signd)")" 0
nowhere "after a reload"
for role in signd listener authd; do
	kill -KILL $(k_role_pids $role)
done
sleep 0.5
k_wait_ready
shake
nowhere "after new starts"
k_done
