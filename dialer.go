package kirim

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// sparingDialer opens no more connections than there are requests under way.
//
// net/http starts to dial for every request that finds no idle connection,
// and goes on when another connection becomes free first; a burst of requests
// then leaves connections that nobody needed. Here, a dial that would be one
// too many waits for that: its request will soon have the connection of one
// that ends.
//
// A nil dialer is that of a transport of the caller's own, which is left as
// it is.
type sparingDialer struct {
	net.Dialer

	last   atomic.Pointer[destination] // of an attempt; usually that of the next, too
	parked atomic.Int32                // dials that wait; most sends find none and take no lock

	mu           sync.Mutex
	changed      sync.Cond
	destinations map[string]*destination // by address: one for each host or proxy
}

// destination is where connections lead to.
type destination struct {
	address     string
	requests    atomic.Int64 // attempts under way
	connections int64        // open or being opened for them; under the mutex
}

// maxParked bounds the wait, should something else hold the connections.
const maxParked = 100 * time.Millisecond

func newSparingDialer() *sparingDialer {
	d := &sparingDialer{
		// The timeout is less than that of an attempt, so that it counts as not
		// sent.
		Dialer:       net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second},
		destinations: map[string]*destination{},
	}
	d.changed.L = &d.mu
	return d
}

// wanted says that an attempt begins to wait for a connection.
func (d *sparingDialer) wanted(a *attempt, address string) {
	if d == nil {
		return
	}
	to := d.to(address)
	to.requests.Add(1)
	a.destination.Swap(to).left()
	a.waiting.Store(true)
}

// to returns the destination with an address.
func (d *sparingDialer) to(address string) *destination {
	if last := d.last.Load(); last != nil && last.address == address {
		return last
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	to := d.destinations[address]
	if to == nil {
		to = &destination{address: address}
		d.destinations[address] = to
	}
	d.last.Store(to)
	return to
}

// served says that an attempt has got a connection.
func (d *sparingDialer) served(a *attempt) {
	if d == nil {
		return
	}
	a.waiting.Store(false)
	d.wake()
}

// over says that an attempt has ended, with a connection or without.
func (d *sparingDialer) over(a *attempt) {
	if d == nil {
		return
	}
	a.destination.Swap(nil).left()
	a.waiting.Store(false)
	d.wake()
}

// left says that an attempt wants no connection any more; to is nil for none.
func (to *destination) left() {
	if to != nil {
		to.requests.Add(-1)
	}
}

// wake lets the dials that wait look again.
func (d *sparingDialer) wake() {
	if d.parked.Load() > 0 {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.changed.Broadcast()
	}
}

func (d *sparingDialer) closed(to *destination) {
	d.mu.Lock()
	defer d.mu.Unlock()
	to.connections--
	d.changed.Broadcast()
}

var errNotNeeded = errors.New("another connection became free")

// DialContext is for [net/http.Transport].
func (d *sparingDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	a, ok := ctx.Value(attemptKey{}).(*attempt)
	if !ok {
		return d.Dialer.DialContext(ctx, network, address)
	}
	to := d.to(address)
	if !d.needed(a, to) {
		return nil, errNotNeeded // net/http has no caller to return it to
	}
	conn, err := d.Dialer.DialContext(ctx, network, address)
	if err != nil {
		d.closed(to)
		return nil, err
	}
	return &countedConn{Conn: conn, closed: sync.OnceFunc(func() { d.closed(to) })}, nil
}

// needed waits until a connection is, and counts it, or until the attempt
// has another.
func (d *sparingDialer) needed(a *attempt, to *destination) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if to.connections >= to.requests.Load() {
		d.parked.Add(1) // before it looks again: whoever changes what it sees then wakes it
		defer d.parked.Add(-1)
		patient := true
		defer time.AfterFunc(maxParked, func() {
			d.mu.Lock()
			defer d.mu.Unlock()
			patient = false
			d.changed.Broadcast()
		}).Stop()
		for patient && a.waiting.Load() && to.connections >= to.requests.Load() {
			d.changed.Wait()
		}
	}
	if !a.waiting.Load() {
		return false
	}
	to.connections++
	return true
}

type countedConn struct {
	net.Conn
	closed func()
}

// Close implements [net.Conn].
func (c *countedConn) Close() error {
	c.closed()
	return c.Conn.Close()
}
