package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
)

// stub is a server that accepts every message and keeps none: a sandbox would hold a
// million in memory.
type stub struct {
	*httptest.Server
	accepted atomic.Int64
}

func newStub() *stub {
	s := &stub{}
	s.Server = httptest.NewServer(s)
	return s
}

// ServeHTTP implements [http.Handler].
func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.Method != http.MethodPost { // a look at a message for which no webhook came
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"error":{"type":"not_found_error","code":"resource_not_found","message":"not found"}}`)
		return
	}
	_, _ = io.Copy(io.Discard, r.Body)
	n := s.accepted.Add(1)
	_, _ = io.WriteString(w, `{"data":{"id":"`+stubID(n)+`","object":"message","status":"pending"}}`)
}

// stubID is the id of the message that was accepted as so many.
func stubID(n int64) string { return "msg_01HXYZ" + strconv.FormatInt(1e15+n, 10) }
