package inspector

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// The pace of events: changes that come close together go out together, well within
// what a person notices, and a comment keeps the connection open.
const (
	eventPause = 100 * time.Millisecond
	eventPing  = 20 * time.Second
)

// changesView is what has changed, in an event.
type changesView struct {
	Messages   []messageView  `json:"messages,omitempty"`
	Requests   []requestView  `json:"requests,omitempty"`
	Deliveries []deliveryView `json:"deliveries,omitempty"`
	Settings   bool           `json:"settings,omitempty"` // ask for state and chats again
	Reload     bool           `json:"reload,omitempty"`   // ask for everything again
}

// events handles GET events, a stream of server-sent events. The first, hello, says
// that the stream has begun: what a client asks for after it is complete with the
// events that follow.
func (in *Inspector) events(w http.ResponseWriter, r *http.Request) {
	journal := in.sandbox.Journal()
	defer journal.Close()
	stream := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	in.model.mu.Lock()
	in.model.sync()
	sent, generation := in.model.revision, in.model.generation
	in.model.mu.Unlock()
	fmt.Fprintf(w, "retry: 500\nevent: hello\ndata: {}\n\n")
	ping := time.NewTicker(eventPing)
	defer ping.Stop()
	for {
		if stream.Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-ping.C:
			fmt.Fprint(w, ": still here\n\n")
			continue
		case <-journal.Ready():
			journal.Take() // the model has them, too
		}
		var changes changesView
		changes, sent, generation = in.changes(sent, generation)
		data, err := json.Marshal(changes)
		if err != nil {
			return
		}
		fmt.Fprintf(w, "event: change\ndata: %s\n\n", data)
		if stream.Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-time.After(eventPause):
		}
	}
}

// changes returns what has changed since a revision, and the revision then.
func (in *Inspector) changes(since uint64, generation int) (changesView, uint64, int) {
	m := in.model
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sync()
	changed, complete := m.since(since)
	if !complete || m.generation != generation {
		return changesView{Reload: true}, m.revision, m.generation
	}
	var v changesView
	for _, what := range changed {
		switch what := what.(type) {
		case *message:
			v.Messages = append(v.Messages, in.view(what))
		case *request:
			v.Requests = append(v.Requests, what.view())
		case *delivery:
			v.Deliveries = append(v.Deliveries, what.view())
		case *entry:
			v.Settings = true
		}
	}
	return v, m.revision, m.generation
}
