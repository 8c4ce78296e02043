# SPDX-License-Identifier: ISC
# certs.sh: certificates of a test's own authority, and an instance that
# speaks TLS with them.  For ". tests/certs.sh" behind lib.sh.
#	C	where they lie, made by k_ca; K_CA the authority's certificate
#	K_DAYS	how long certificates are good, default 2; K_EXT: a line of
#		extensions more
#	T_PORT	the port with TLS, T_URL what clients use

k_ca() {
	C=$K_DIR/certs
	K_CA=$C/ca.pem
	export C K_CA
	mkdir "$C"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout "$C/ca.key" -out "$C/ca.pem" -subj "/CN=test authority" \
	    -days "${K_DAYS:-2}" 2>"$C/err" ||
	    k_die "no test authority: $(cat "$C/err")"
	: >"$C/index"
}

# A key and a certificate; whoever runs the instance owns them.
k_cert() {	# name "DNS:a,DNS:b" genpkey-arguments...
	_c=$C/$1 _san=$2
	shift 2
	{
		rm -f "$_c.key"
		openssl genpkey "$@" -out "$_c.key" &&
		    openssl req -new -key "$_c.key" -subj "/CN=${_c##*/}" \
		    -out "$_c.csr" && printf 'subjectAltName=%s\n%s\n' "$_san" \
		    "${K_EXT:-}" >"$_c.ext" &&
		    openssl x509 -req -in "$_c.csr" -CA "$C/ca.pem" -CAkey \
		    "$C/ca.key" -CAcreateserial -days "${K_DAYS:-2}" \
		    -extfile "$_c.ext" -out "$_c.pem"
	} >"$C/err" 2>&1 || k_die "no certificate ${_c##*/}: $(cat "$C/err")"
	chmod 600 "$_c.key"
	chmod 644 "$_c.pem"
	if [ "$(k_as)" = nobody ]; then
		chown 65534:65534 "$_c.key" "$_c.pem"
	fi
}
EC256="-algorithm EC -pkeyopt ec_paramgen_curve:P-256"
EC384="-algorithm EC -pkeyopt ec_paramgen_curve:P-384"
RSA2048="-algorithm RSA -pkeyopt rsa_keygen_bits:2048"

# An OCSP response for a certificate, good for a day.
k_ocsp() {	# name
	_s=$(openssl x509 -in "$C/$1.pem" -noout -serial | cut -d = -f 2)
	printf 'V\t351231235959Z\t\t%s\tunknown\t/CN=%s\n' "$_s" "$1" \
	    >"$C/index"
	openssl ocsp -index "$C/index" -rsigner "$C/ca.pem" -rkey "$C/ca.key" \
	    -CA "$C/ca.pem" -issuer "$C/ca.pem" -cert "$C/$1.pem" -ndays 1 \
	    -respout "$C/$1.ocsp" >"$C/err" 2>&1 ||
	    k_die "no OCSP response: $(cat "$C/err")"
	chmod 644 "$C/$1.ocsp"
	if [ "$(k_as)" = nobody ]; then
		chown 65534:65534 "$C/$1.ocsp"
	fi
}

# Lines of the configuration for TLS beside the plain port; certificates by
# name, with their OCSP responses where there are such.
k_tls_conf() {	# name...
	[ -n "${T_PORT:-}" ] || T_PORT=$(k_free_port)
	T_URL=https://localhost:$T_PORT
	export T_PORT T_URL
	echo "$T_PORT" >"$K_DIR/port.tls"
	{
		echo "listen on 127.0.0.1 port $T_PORT tls"
		echo "public-url \"$T_URL\""
		for _n; do
			printf 'certificate "%s" key "%s"' "$C/$_n.pem" \
			    "$C/$_n.key"
			[ ! -f "$C/$_n.ocsp" ] ||
			    printf ' ocsp "%s"' "$C/$_n.ocsp"
			echo
		done
	} >"$K_DIR/more.conf"
}

# What s_client says of a handshake for a name.
k_sclient() {	# name [argument...]
	_name=$1
	shift
	openssl s_client -connect "127.0.0.1:$T_PORT" -servername "$_name" \
	    -CAfile "$K_CA" -verify_return_error "$@" </dev/null 2>&1
}
