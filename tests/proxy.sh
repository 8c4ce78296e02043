# SPDX-License-Identifier: ISC
# proxy.sh: an instance behind one of the proxies, with the configuration
# that is shipped in etc/, for ". tests/proxy.sh" after lib.sh.
#
#	k_new NAME; k_proxy nginx; k_start; ... k_proxy_stop
#
# Sets K_URL to the proxy's address, which is the instance's public URL, and
# K_CA to the certificate that clients must trust.

# keepd's own TLS, for the same tests without anything in between.
k_proxy_none() {
	k_write_conf
	cat >>"$K_DIR/keepd.conf" <<-EOT
		listen on 127.0.0.1 port $K_PROXY_PORT tls
		certificate "$K_DIR/proxy/cert.pem" key "$K_DIR/proxy/key.pem"
	EOT
	chmod 600 "$K_DIR/proxy/key.pem"
	if [ "$(k_as)" = nobody ]; then
		chown 65534:65534 "$K_DIR"/proxy/*
	fi
}

# nginx, caddy or haproxy, on the port behind the instance's own; or none.
k_proxy() {
	[ "$1" = none ] || command -v "$1" >/dev/null ||
	    k_die "no $1: apt-get install $1"
	K_PROXY_PORT=$(k_free_port)
	K_PUBLIC=https://127.0.0.1:$K_PROXY_PORT
	mkdir "$K_DIR/proxy" && chmod 755 "$K_DIR/proxy"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
	    -nodes -days 2 -subj /CN=127.0.0.1 \
	    -addext subjectAltName=IP:127.0.0.1 \
	    -keyout "$K_DIR/proxy/key.pem" -out "$K_DIR/proxy/cert.pem" \
	    2>/dev/null || k_die "openssl made no certificate"
	cat "$K_DIR/proxy/cert.pem" "$K_DIR/proxy/key.pem" \
	    >"$K_DIR/proxy/both.pem"
	if [ "$1" = none ]; then
		k_proxy_none
	else
		k_write_conf
		echo "trusted-proxy { 127.0.0.1 }" >>"$K_DIR/keepd.conf"
		"k_proxy_$1"
	fi || k_die "$1 did not start: $(tail -n 5 "$K_DIR/proxy/err")"
	K_URL=$K_PUBLIC
	K_CA=$K_DIR/proxy/cert.pem
	NODE_EXTRA_CA_CERTS=$K_CA
	export K_URL K_CA K_PROXY_PORT K_PUBLIC NODE_EXTRA_CA_CERTS
	trap 'k_proxy_stop; k_cleanup' EXIT
	[ "$1" != none ] || return 0
	_i=0
	until curl -s -o /dev/null --cacert "$K_CA" "$K_URL/healthz"; do
		_i=$((_i + 1))
		[ $_i -lt 100 ] || k_die "$1 does not listen: $(tail -n 5 \
		    "$K_DIR/proxy/err")"
		sleep 0.05
	done
}

# The shipped file with the names, ports and paths of this instance.
k_proxy_file() {	# file expression...
	_f=$K_TOP/etc/$1; shift
	sed -e "s,127\.0\.0\.1:8080,127.0.0.1:$K_PORT," "$@" "$_f"
}

k_proxy_run() {	# command...
	"$@" >"$K_DIR/proxy/out" 2>"$K_DIR/proxy/err" </dev/null &
	echo $! >"$K_DIR/proxy/pid"
}

k_proxy_nginx() {
	_d=$K_DIR/proxy
	k_proxy_file nginx.conf \
	    -e "s,listen 443 ssl,listen 127.0.0.1:$K_PROXY_PORT ssl," \
	    -e '/listen \[::\]/d' -e 's,mcp\.example\.org;,127.0.0.1;,' \
	    -e "s,ssl_certificate .*,ssl_certificate $_d/cert.pem;," \
	    -e "s,ssl_certificate_key .*,ssl_certificate_key $_d/key.pem;," \
	    >"$_d/keepd.conf"
	cat >"$_d/nginx.conf" <<-EOT
		daemon off; worker_processes 1; pid $_d/nginx.pid;
		error_log $_d/err; events { worker_connections 1024; }
		$([ "$(id -u)" -eq 0 ] && echo "user root;")
		http {
			access_log off; client_body_temp_path $_d/b;
			proxy_temp_path $_d/p; fastcgi_temp_path $_d/f;
			uwsgi_temp_path $_d/u; scgi_temp_path $_d/s;
			include $_d/keepd.conf;
		}
	EOT
	k_proxy_run nginx -c "$_d/nginx.conf" -p "$_d" -e "$_d/err"
}

k_proxy_caddy() {
	_d=$K_DIR/proxy
	{
		echo "{"
		echo "	admin off"
		echo "	auto_https disable_redirects"
		echo "	storage file_system $_d/store"
		echo "}"
		k_proxy_file Caddyfile -e "s,^mcp\.example\.org {,$K_PUBLIC {," \
		    -e "/^https:/a tls $_d/cert.pem $_d/key.pem"
	} >"$_d/Caddyfile"
	k_proxy_run env HOME="$_d" caddy run --config "$_d/Caddyfile" \
	    --adapter caddyfile
}

k_proxy_haproxy() {
	_d=$K_DIR/proxy
	{
		echo "defaults"
		echo "	timeout client 30s"
		echo "	timeout server 30s"
		echo "	timeout connect 5s"
		k_proxy_file haproxy.cfg -e "s,bind :443 ssl crt [^ ]*,bind \
127.0.0.1:$K_PROXY_PORT ssl crt $_d/both.pem,"
	} >"$_d/haproxy.cfg"
	k_proxy_run haproxy -db -f "$_d/haproxy.cfg"
}

k_proxy_stop() {
	[ -d "$K_DIR/proxy" ] || return 0
	if [ -s "$K_DIR/proxy/pid" ]; then
		kill -TERM "$(cat "$K_DIR/proxy/pid")" 2>/dev/null
		k_gone "$(cat "$K_DIR/proxy/pid")" 10
	fi
	rm -f "$K_DIR/proxy/pid"
	rmdir "$K_TMP/port.$K_PROXY_PORT" 2>/dev/null
	unset K_PUBLIC K_CA NODE_EXTRA_CA_CERTS
}
