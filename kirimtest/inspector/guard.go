package inspector

import (
	"crypto/subtle"
	"net"
	"net/http"
	"strings"
)

// contentSecurityPolicy lets the page run its own scripts alone. Pictures and films
// are loaded from elsewhere when a person asks for them.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
	"img-src 'self' data: blob: http: https:; media-src 'self' blob: http: https:; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// guard refuses what comes from elsewhere.
func (in *Inspector) guard(next http.Handler) http.Handler {
	origins := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentSecurityPolicy)
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cache-Control", "no-store")
		if in.config.Token == "" && !loopback(r.Host) {
			writeProblem(w, http.StatusForbidden, "host", "The inspector is for this machine: use http://127.0.0.1 or http://localhost.")
			return
		}
		if err := origins.Check(r); err != nil {
			writeProblem(w, http.StatusForbidden, "origin", "A page of another origin must not change the sandbox.")
			return
		}
		switch {
		case in.config.Token == "" || in.authorized(r), strings.HasPrefix(r.URL.Path, prefix+"assets/"), r.URL.Path == prefix+"health":
			next.ServeHTTP(w, r)
		case r.URL.Path == prefix+"login" && r.Method == http.MethodPost:
			in.login(w, r)
		case strings.HasPrefix(r.URL.Path, prefix+"api/"):
			h.Set("WWW-Authenticate", "Bearer")
			writeProblem(w, http.StatusUnauthorized, "token", "The token of the sandbox is missing or wrong: send it as Authorization: Bearer TOKEN.")
		default:
			w.WriteHeader(http.StatusUnauthorized)
			http.ServeFileFS(w, r, assets(), "login.html")
		}
	})
}

// loopback reports whether a Host header names this machine. Names that end in
// .localhost always do (RFC 6761).
func loopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || net.ParseIP(host).IsLoopback()
}

const cookieName = "kirim_inspector"

func (in *Inspector) authorized(r *http.Request) bool {
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if cookie, err := r.Cookie(cookieName); err == nil && !bearer {
		token = cookie.Value
	}
	return in.is(token)
}

func (in *Inspector) is(token string) bool {
	return subtle.ConstantTimeCompare([]byte(token), []byte(in.config.Token)) == 1
}

// login gives a browser a cookie for the token that a person typed.
func (in *Inspector) login(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4096)
	token := r.PostFormValue("token")
	if !in.is(token) {
		w.WriteHeader(http.StatusUnauthorized)
		http.ServeFileFS(w, r, assets(), "login.html")
		return
	}
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure depends on the connection
		Name: cookieName, Value: token, Path: prefix, HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil,
	})
	http.Redirect(w, r, prefix, http.StatusSeeOther)
}
