package inspector

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// The pace of events. They come at multiples of eventGrain, as do the statuses of the
// running sandbox, so that its process wakes once for both. That also lets a request,
// what came of it and its response go out together. What comes all the time goes out
// about seven times a second, as a person sees no more. A comment keeps a connection
// open.
const (
	eventGrain = 50 * time.Millisecond
	eventPause = 150 * time.Millisecond
	eventPing  = 20 * time.Second
)

// What is kept for a page that is slow to read. One that is further behind reads
// everything again; one that reads nothing for eventPatience is disconnected, and
// connects again when it is back.
const (
	mostBatches     = 100
	mostBatchBytes  = 8 << 20
	eventPatience   = time.Minute
	reloadEventData = `{"reload":true}`
)

// changesView is what has changed, in an event.
type changesView struct {
	Messages   []messageView  `json:"messages,omitempty"` // new, or changed in more than their status
	Statuses   []statusView   `json:"statuses,omitempty"` // of other messages
	Requests   []requestView  `json:"requests,omitempty"`
	Deliveries []deliveryView `json:"deliveries,omitempty"`
	Settings   bool           `json:"settings,omitempty"` // ask for state and chats again
	Reload     bool           `json:"reload,omitempty"`   // ask for everything again
}

// statusView is a message of which nothing but the status has changed.
type statusView struct {
	ID      string   `json:"id"`
	Chat    string   `json:"chat"`
	Status  string   `json:"status"`
	Failure *failure `json:"failure,omitempty"`
}

// feed makes batches of what changes, once for all open pages. It has a goroutine
// while there is one.
type feed struct {
	inspector *Inspector

	opening sync.Mutex // held while a reader comes or goes
	readers int
	stop    chan struct{} // closed when the last reader leaves
	ended   chan struct{} // closed when the goroutine has ended

	mu      sync.Mutex
	batches [][]byte      // the JSON of the latest
	bytes   int           // of them
	next    int           // the number of the batch after them
	more    chan struct{} // closed when that is there
}

// join returns the number of the next batch. Who joins must leave.
func (f *feed) join() int {
	f.opening.Lock()
	defer f.opening.Unlock()
	f.readers++
	if f.readers == 1 {
		f.inspector.model.follow()
		f.stop, f.ended = make(chan struct{}), make(chan struct{})
		go f.run(f.stop, f.ended)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.next
}

func (f *feed) leave() {
	f.opening.Lock()
	defer f.opening.Unlock()
	f.readers--
	if f.readers == 0 {
		close(f.stop)
		<-f.ended
		f.inspector.model.unfollow()
	}
}

// run adds a batch when something has changed.
func (f *feed) run(stop <-chan struct{}, ended chan<- struct{}) {
	defer close(ended)
	var next time.Time
	for {
		select {
		case <-stop:
			return
		case <-f.inspector.model.journal.Ready():
		}
		select {
		case <-stop:
			return
		case <-time.After(max(time.Until(next), time.Until(time.Now().Truncate(eventGrain).Add(eventGrain)))):
		}
		next = time.Now().Truncate(eventGrain).Add(eventPause)
		if batch := f.inspector.batch(); batch != nil {
			f.add(batch)
		}
	}
}

func (f *feed) add(batch []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.batches, f.bytes = append(f.batches, batch), f.bytes+len(batch)
	for len(f.batches) > mostBatches || f.bytes > mostBatchBytes {
		f.bytes -= len(f.batches[0])
		f.batches = slices.Delete(f.batches, 0, 1)
	}
	f.next++
	close(f.more)
	f.more = make(chan struct{})
}

// from returns the batches from one on, the number of the next, and a channel that is
// closed when that is there.
func (f *feed) from(number int) (batches [][]byte, next int, more <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	missing := f.next - number
	if missing > len(f.batches) {
		return [][]byte{[]byte(reloadEventData)}, f.next, f.more
	}
	return slices.Clone(f.batches[len(f.batches)-missing:]), f.next, f.more
}

// batch is the JSON of what has changed since the last one, nil for nothing.
func (in *Inspector) batch() []byte {
	m := in.model
	m.mu.Lock()
	m.sync()
	changed := m.take()
	if changed.size() == 0 && !changed.settings && !changed.reload {
		m.mu.Unlock()
		return nil
	}
	v := changesView{Settings: changed.settings, Reload: changed.reload}
	for _, what := range changed.messages {
		if what.told {
			v.Statuses = append(v.Statuses, statusView{what.id, what.chat, what.status, what.failure})
			continue
		}
		what.told = true
		shown := in.view(what)
		shown.Body = nil // which nobody reads as it comes
		v.Messages = append(v.Messages, shown)
	}
	for _, what := range changed.requests {
		v.Requests = append(v.Requests, what.view())
	}
	for _, what := range changed.deliveries {
		v.Deliveries = append(v.Deliveries, what.view())
	}
	m.mu.Unlock()
	var w bytes.Buffer
	e := json.NewEncoder(&w)
	e.SetEscapeHTML(false)              // most of it is HTML
	if err := e.Encode(v); err != nil { // a type of ours that cannot be JSON
		panic("inspector: " + err.Error())
	}
	return bytes.TrimSpace(w.Bytes())
}

// events handles GET events, a stream of server-sent events. The first, hello, says
// that the stream has begun: what a client asks for after it is complete with the
// events that follow.
func (in *Inspector) events(w http.ResponseWriter, r *http.Request) {
	next := in.feed.join()
	defer in.feed.leave()
	stream := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	text := bytes.NewBufferString("retry: 500\nevent: hello\ndata: {}\n\n")
	ping := time.NewTicker(eventPing)
	defer ping.Stop()
	for {
		var batches [][]byte
		var more <-chan struct{}
		batches, next, more = in.feed.from(next)
		for _, batch := range batches {
			fmt.Fprintf(text, "event: change\ndata: %s\n\n", batch)
		}
		_ = stream.SetWriteDeadline(time.Now().Add(eventPatience)) // not every server has deadlines
		if _, err := text.WriteTo(w); err != nil || stream.Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-ping.C:
			text.WriteString(": still here\n\n")
		case <-more:
		}
	}
}
