package kirim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
)

// StreamedBody is a body for [Client.Do] that is not held in memory, such as a
// file that is uploaded. Its Read runs in another goroutine; no context can end
// a Read that is under way, and after a call that its context ended, one may
// still be. Once Do has returned, there is never another.
//
// A call with a streamed body is retried as [RetryPolicy] says, where nothing of
// the body was read or Rewind is set. An error of the reader ends the call and is
// matched by its [*TransportError]; the server has then got a part of the request, and
// [MaybeSent] is false. [RetryPolicy.AttemptTimeout] limits the time
// without progress: from one read to the next, and from the last to the end of
// the response.
type StreamedBody struct {
	// Reader is the body. It is not closed.
	Reader io.Reader
	// Rewind returns the body from its beginning again, for a retry. It is called
	// when no Read is under way. Nil means that the body can be read only once.
	Rewind func() (io.Reader, error)
	// ContentType is the header. The default is application/octet-stream.
	ContentType string
	// Size is the number of bytes, sent as the Content-Length; 0 when it is not
	// known. A body that turns out to be shorter or longer is an error, and the
	// server does not get the last of its bytes.
	Size int64
}

var errStreamOver = errors.New("the attempt is over")

// streamReader is a streamed body during one attempt.
type streamReader struct {
	source   io.Reader
	size     int64  // 0 when it is not known
	progress func() // called after each read
	count    int64  // bytes read; under turn

	turn     chan struct{} // held by who reads
	over     chan struct{} // closed when nobody may read any more
	end      sync.Once
	started  atomic.Bool
	complete atomic.Bool
	failure  atomic.Pointer[error] // of the source
}

func newStreamReader(source io.Reader, size int64, progress func()) *streamReader {
	return &streamReader{
		source: source, size: max(0, size), progress: progress,
		turn: make(chan struct{}, 1), over: make(chan struct{}),
	}
}

// Read implements [io.Reader].
func (r *streamReader) Read(p []byte) (int, error) {
	if r.complete.Load() { // the transport may look for the end after the response
		return 0, io.EOF
	}
	select {
	case <-r.over:
		return 0, errStreamOver
	case r.turn <- struct{}{}:
	}
	defer func() { <-r.turn }()
	select {
	case <-r.over:
		return 0, errStreamOver
	default:
	}
	r.started.Store(true)
	n, err := r.source.Read(p)
	r.progress()
	n, err = r.measure(n, err)
	switch {
	case errors.Is(err, io.EOF):
		r.complete.Store(true)
	case err != nil:
		r.failure.CompareAndSwap(nil, &err)
	}
	return n, err
}

// measure counts what was read, and gives an error in place of the last bytes of
// a body that has another size than it should have.
func (r *streamReader) measure(n int, err error) (int, error) {
	if r.count += int64(n); r.size == 0 {
		return n, err
	}
	more := r.count > r.size
	if r.count == r.size && err == nil {
		var next [1]byte
		var beyond int
		beyond, err = io.ReadFull(r.source, next[:])
		r.progress()
		more = beyond > 0
	}
	switch ended := errors.Is(err, io.EOF); {
	case more:
		return 0, fmt.Errorf("the body is longer than its size of %d bytes", r.size)
	case ended && r.count < r.size:
		return 0, fmt.Errorf("the body has %d bytes instead of %d: %w", r.count, r.size, io.ErrUnexpectedEOF)
	case ended:
		return n, io.EOF
	case err != nil: // also where only the end is missing
		return 0, err
	}
	return n, nil
}

// Close implements [io.Closer].
func (r *streamReader) Close() error {
	r.end.Do(func() { close(r.over) })
	return nil
}

// stop ends the reading, and waits for a read that is under way until ctx ends.
// It reports whether the source is free to be read by somebody else.
func (r *streamReader) stop(ctx context.Context) (free bool) {
	_ = r.Close()
	select {
	case r.turn <- struct{}{}:
		<-r.turn
		return true
	case <-ctx.Done():
		return false
	}
}

// failed returns the error of the source, nil for none.
func (r *streamReader) failed() error {
	if err := r.failure.Load(); err != nil {
		return *err
	}
	return nil
}

// failingReader is a body that could not be rewound.
type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }
