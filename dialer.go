package kirim

import (
	"context"
	"errors"
	"net"
	"sync"
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

	mu          sync.Mutex
	changed     sync.Cond
	requests    map[string]int // attempts under way, by address
	connections map[string]int // open or being opened for them, by address
}

// maxParked bounds the wait, should something else hold the connections.
const maxParked = 100 * time.Millisecond

func newSparingDialer() *sparingDialer {
	d := &sparingDialer{
		// The timeout is less than that of an attempt, so that it counts as not
		// sent.
		Dialer:      net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second},
		requests:    map[string]int{},
		connections: map[string]int{},
	}
	d.changed.L = &d.mu
	return d
}

// wanted says that an attempt begins to wait for a connection.
func (d *sparingDialer) wanted(a *attempt, address string) {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if a.address != address {
		d.leave(a)
		a.address = address
		d.requests[address]++
	}
	a.waiting = true
}

// served says that an attempt has got a connection.
func (d *sparingDialer) served(a *attempt) {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	a.waiting = false
	d.changed.Broadcast()
}

// over says that an attempt has ended, with a connection or without.
func (d *sparingDialer) over(a *attempt) {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.leave(a)
	d.changed.Broadcast()
}

func (d *sparingDialer) leave(a *attempt) {
	if a.address != "" {
		less(d.requests, a.address)
	}
	a.address, a.waiting = "", false
}

func (d *sparingDialer) closed(address string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	less(d.connections, address)
	d.changed.Broadcast()
}

func less(counts map[string]int, address string) {
	if counts[address]--; counts[address] == 0 {
		delete(counts, address)
	}
}

var errNotNeeded = errors.New("another connection became free")

// DialContext is for [net/http.Transport].
func (d *sparingDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	a, ok := ctx.Value(attemptKey{}).(*attempt)
	if !ok {
		return d.Dialer.DialContext(ctx, network, address)
	}
	if !d.needed(a, address) {
		return nil, errNotNeeded // net/http has no caller to return it to
	}
	conn, err := d.Dialer.DialContext(ctx, network, address)
	if err != nil {
		d.closed(address)
		return nil, err
	}
	return &countedConn{Conn: conn, closed: sync.OnceFunc(func() { d.closed(address) })}, nil
}

// needed waits until a connection is, and counts it, or until the attempt
// has another.
func (d *sparingDialer) needed(a *attempt, address string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.connections[address] >= d.requests[address] {
		patient := true
		defer time.AfterFunc(maxParked, func() {
			d.mu.Lock()
			defer d.mu.Unlock()
			patient = false
			d.changed.Broadcast()
		}).Stop()
		for patient && a.waiting && d.connections[address] >= d.requests[address] {
			d.changed.Wait()
		}
	}
	if a.waiting {
		d.connections[address]++
	}
	return a.waiting
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
