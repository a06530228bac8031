package kirimtest

import (
	"cmp"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// mediaPath is where the sandbox plays the host of files, which needs no key.
const mediaPath = "/media/"

// mediaStore bounds the files that are kept.
type mediaStore struct {
	limit   int // bytes
	size    int
	order   []*message
	byToken map[string]*message
}

// add keeps the file of a message and drops the oldest ones beyond the limit.
func (ms *mediaStore) add(m *message) {
	m.token = newSecret("", 18)
	ms.byToken[m.token] = m
	ms.order = append(ms.order, m)
	ms.size += len(m.received.Media.Data)
	for ms.size > ms.limit && len(ms.order) > 0 {
		ms.drop(ms.order[0])
	}
}

// drop forgets the file of a message, if it has one.
func (ms *mediaStore) drop(m *message) {
	if m.token == "" {
		return
	}
	delete(ms.byToken, m.token)
	ms.size -= len(m.received.Media.Data)
	m.received.Media.Data, m.token = nil, ""
	for i, other := range ms.order {
		if other == m {
			ms.order = append(ms.order[:i], ms.order[i+1:]...)
			break
		}
	}
}

// ready reports whether the download of a file is over.
func (m *message) ready(now time.Time) bool {
	delay := m.received.Media.Delay
	return delay >= 0 && !now.Before(m.created.Add(delay))
}

// mediaURL is where the file of an inbound message is, or empty. st.mu is held.
func (x *exchange) mediaURL(m *message) string {
	return m.mediaURL(&url.URL{Scheme: cmp.Or(x.r.URL.Scheme, "http"), Host: x.r.Host}, x.now())
}

// mediaURL is where the file is on the host of base, or empty. st.mu is held.
func (m *message) mediaURL(base *url.URL, now time.Time) string {
	if m.token == "" || !m.ready(now) {
		return ""
	}
	name := strings.ReplaceAll(m.received.Media.Filename, "/", "_")
	if strings.Trim(name, ".") == "" {
		name = "file"
	}
	u := url.URL{Scheme: base.Scheme, Host: base.Host, Path: mediaPath + m.token + "/" + name}
	return u.String()
}

// getMedia handles GET …/messages/{id}/media with a redirect to the file.
func getMedia(x *exchange, m *message) *reply {
	var location string
	if m.received != nil {
		location = x.mediaURL(m)
	} else {
		location = m.sent.content().Link
	}
	if location == "" {
		return notFound("file, or it is still being fetched")
	}
	rep := ok(http.StatusFound, nil)
	rep.header = http.Header{"Location": {location}}
	return rep
}

// serveMedia answers for the host of the files.
func serveMedia(x *exchange) *reply {
	for _, org := range x.s.organizations() {
		if rep := org.file(x.params[0]); rep != nil {
			return rep
		}
	}
	return &reply{status: http.StatusNotFound, asIs: true, raw: []byte("Not Found\n"), header: http.Header{
		"Content-Type": {"text/plain; charset=utf-8"},
	}}
}

// file is the response with a file, or nil when the organisation has none for the
// token.
func (s *Server) file(token string) *reply {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	m := s.state.media.byToken[token]
	if m == nil {
		return nil
	}
	file := m.received.Media
	header := http.Header{"Content-Type": {file.ContentType}}
	if file.Filename != "" {
		header.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": file.Filename}))
	}
	return &reply{status: http.StatusOK, asIs: true, raw: file.Data, header: header}
}
