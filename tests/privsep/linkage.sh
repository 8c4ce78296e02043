# SPDX-License-Identifier: ISC
# linkage.sh: the part of the boundary that the linker proves: which program
# carries which library, and which functions are in none.
. "$(dirname "$0")/../lib.sh"
k_need_build

libs() {
	readelf -d "$K_OBJ/$1" | sed -n 's/.*Shared library: \[\(.*\)\]/\1/p' |
	    tr '\n' ' '
}
names() {
	nm -D --undefined-only "$K_OBJ/$1"
}
k_has "control: the listener has libssl or libcrypto" \
    "$(libs keepd-listener)" libcrypto
k_has "control: authd has LMDB" "$(libs keepd-authd)" liblmdb
k_has "control: toold has SQLite" "$(libs keepd-toold)" libsqlite3
k_has "control: authd reads private keys" "$(names keepd-authd)" PrivateKey

for p in keepd keepd-toold keepctl; do
	k_hasnot "$p: no libcrypto" "$(libs $p)" libcrypto
done
for p in keepd keepd-authd keepd-pwhash keepd-signd keepd-toold keepctl; do
	k_hasnot "$p: no libssl" "$(libs $p)" libssl
done
for p in keepd keepd-listener keepd-pwhash keepd-signd keepd-toold keepctl; do
	k_hasnot "$p: no LMDB" "$(libs $p)" liblmdb
done
for p in keepd keepd-listener keepd-authd keepd-pwhash keepd-signd; do
	k_hasnot "$p: no SQLite" "$(libs $p)" libsqlite3
done
for p in keepd keepd-authd keepd-pwhash keepd-signd keepctl; do
	k_hasnot "$p: no JSON parser" "$(libs $p)" libjansson
done
for f in PEM_read_bio_PrivateKey PEM_read_PrivateKey d2i_PrivateKey \
    d2i_AutoPrivateKey EVP_PBE_scrypt mdb_; do
	k_hasnot "keepd-listener: no $f" "$(names keepd-listener)" "$f"
done
for p in keepd-listener keepd-authd keepd-toold keepd-pwhash keepd-signd; do
	for f in execve fork system popen; do
		k_hasnot "$p: no $f" " $(names $p | awk '{ print $NF }' |
		    sed 's/@.*//' | tr '\n' ' ')" " $f "
	done
done
k_done
