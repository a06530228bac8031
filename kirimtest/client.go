package kirimtest

import (
	"net/http"

	"github.com/kirim-go/kirim"
)

// Client returns an SDK client for the sandbox, with its key and URL. Options
// that are given win over those. A sandbox [WithoutListener] is reached through
// [Server.Transport].
func (s *Server) Client(opts ...kirim.Option) (*kirim.Client, error) {
	all := []kirim.Option{kirim.WithBaseURL(s.URL)}
	if !s.cfg.listen {
		all = append(all, kirim.WithHTTPClient(&http.Client{Transport: s.Transport()}))
	}
	return kirim.NewClient(s.APIKey, append(all, opts...)...)
}
