package kirim_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kirim-go/kirim"
)

// permutations calls f with each order of the elements.
func permutations[T any](elements []T, f func([]T)) {
	var rest func(int)
	rest = func(i int) {
		if i == len(elements) {
			f(elements)
			return
		}
		for j := i; j < len(elements); j++ {
			elements[i], elements[j] = elements[j], elements[i]
			rest(i + 1)
			elements[i], elements[j] = elements[j], elements[i]
		}
	}
	rest(0)
}

// TestTheOrderOfUpdatesDoesNotMatter takes updates and joins in, in every
// order, and asks for the same afterwards. An update is the members of a
// status as it is delivered, a join two ids.
func TestTheOrderOfUpdatesDoesNotMatter(t *testing.T) {
	t.Parallel()
	const group = `"recipient_type":"group","recipient_id":"G",`
	for name, tt := range map[string]struct {
		steps []string
		want  map[string]string // of an id, or of "id participant"
	}{
		"all that can become of a message": {
			[]string{`"id":"w","status":"sent"`, `"id":"w","status":"failed"`, `"id":"w","status":"delivered"`, `"id":"w","status":"read"`, `"id":"w","status":"levitated"`},
			map[string]string{"w": "read"},
		},
		"delivered, and failed on another device": {
			[]string{`"id":"w","status":"delivered"`, `"id":"w","status":"failed","errors":[{"code":131026}]`},
			map[string]string{"w": "delivered"},
		},
		"nothing above failed": {
			[]string{`"id":"w","status":"pending"`, `"id":"w","status":"failed","errors":[{"code":131047}]`, `"id":"w","status":"sent"`},
			map[string]string{"w": "failed outside_window"},
		},
		"two reasons, two times, and none": {
			[]string{`"id":"w","status":"failed","timestamp":"1780000002","errors":[{"code":131047}]`, `"id":"w","status":"failed","timestamp":"1780000002","errors":[{"code":131026}]`,
				`"id":"w","status":"failed","timestamp":"1780000003","errors":[{"code":131047}]`, `"id":"w","status":"failed","timestamp":"1780000001"`, `"id":"w","status":"failed"`},
			map[string]string{"w": "failed recipient_unavailable 1780000002"},
		},
		"the same at several times": {
			[]string{`"id":"w","status":"read","timestamp":"1780000009"`, `"id":"w","status":"read","timestamp":"1780000005"`, `"id":"w","status":"read"`, `"id":"w","status":"delivered","timestamp":"1780000001"`},
			map[string]string{"w": "read 1780000005"},
		},
		"only statuses that are unknown": {
			[]string{`"id":"w","status":"levitated"`, `"id":"w","status":"floated"`, `"id":"w","status":"hovered"`},
			map[string]string{"w": "floated"},
		},
		"the two ids of a message": {
			[]string{"join msg_1 w", `"id":"msg_1","status":"pending"`, `"id":"w","status":"failed"`, `"id":"w","status":"delivered"`, `"id":"msg_1","status":"failed"`},
			map[string]string{"w": "delivered", "msg_1": "delivered"},
		},
		"a join alone": {
			[]string{"join msg_1 w", "join msg_1 w", "join w w"},
			map[string]string{"w": "", "msg_1": "", "x": "unknown"},
		},
		"three ids of one message": {
			[]string{"join msg_1 w1", "join msg_1 w2", "join msg_0 w2", `"id":"w1","status":"sent"`, `"id":"w2","status":"read"`},
			map[string]string{"w1": "read", "w2": "read", "msg_1": "read", "msg_0": "read"},
		},
		"one person by number, by user id and by both": {
			[]string{`"id":"w","status":"sent",` + group + `"recipient_participant_id":"6281"`, `"id":"w","status":"delivered",` + group + `"recipient_participant_user_id":"ID.1"`,
				`"id":"w","status":"failed",` + group + `"participant_recipient_id":"+62 81","recipient_participant_user_id":"ID.1"`, `"id":"w","status":"sent",` + group + `"recipient_participant_id":"6282"`},
			map[string]string{"w 6281": "delivered", "w ID.1": "delivered", "w +6281": "delivered", "w 6282": "sent", "w": "unknown"},
		},
		"three people who are one": {
			[]string{`"id":"w","status":"sent",` + group + `"recipient_participant_id":"6281"`, `"id":"w","status":"read",` + group + `"recipient_participant_id":"6282"`,
				`"id":"w","status":"failed",` + group + `"recipient_participant_id":"6281","recipient_participant_user_id":"ID.1"`,
				`"id":"w","status":"failed",` + group + `"recipient_participant_id":"6282","recipient_participant_user_id":"ID.1"`},
			map[string]string{"w 6281": "read", "w ID.1": "read", "w 6282": "read"},
		},
		"a group, joined": {
			[]string{"join msg_1 w", `"id":"msg_1","status":"pending"`, `"id":"w","status":"sent",` + group + `"recipient_participant_id":"6281"`,
				`"id":"msg_1","status":"read",` + group + `"recipient_participant_user_id":"ID.1"`, `"id":"w","status":"delivered",` + group + `"recipient_participant_id":"6281","recipient_participant_user_id":"ID.1"`,
				`"id":"w","status":"sent",` + group + `"recipient_participant_id":"6282"`},
			map[string]string{"w": "pending", "msg_1": "pending", "msg_1 6281": "read", "w ID.1": "read", "msg_1 6282": "sent", "w 6283": "unknown"},
		},
		"payments": {
			[]string{"join msg_1 w", `"id":"w","status":"sent"`, `"id":"w","status":"failed","type":"payment"`, `"id":"w","status":"captured","type":"payment","payment":{}`, `"id":"msg_1","status":"read","type":"order"`},
			map[string]string{"w": "sent", "msg_1": "sent"},
		},
		"payments alone": {
			[]string{`"id":"w","status":"failed","type":"payment"`, `"id":"w","status":"captured","type":"payment"`},
			map[string]string{"w": "unknown"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			type step struct {
				text  string
				apply func(*kirim.StatusTracker)
			}
			var steps []step
			for _, text := range tt.steps {
				if ids := strings.Fields(text); ids[0] == "join" {
					steps = append(steps, step{text, func(s *kirim.StatusTracker) { s.Join(ids[1], ids[2]) }})
					continue
				}
				data := mustDecode(t, field("statuses", `{`+text+`}`)).Data[0]
				steps = append(steps, step{text, func(s *kirim.StatusTracker) {
					if update, ok := data.(*kirim.StatusUpdate); ok {
						s.Apply(update)
						s.Apply(update) // repeats are usual
					}
				}})
			}
			texts := func(order []step) (all []string) {
				for _, s := range order {
					all = append(all, s.text)
				}
				return all
			}
			firstIDs := ""
			permutations(steps, func(order []step) {
				tracker := kirim.NewStatusTracker(0)
				for _, s := range order {
					s.apply(tracker)
				}
				var ids []string
				for query, want := range tt.want {
					id, participant, _ := strings.Cut(query, " ")
					p, known := tracker.Progress(id, participant)
					got := string(p.Status)
					var kind kirim.Kind
					if errors.As(p.Err, &kind) && kind != kirim.KindUnknown {
						got += " " + string(kind)
					}
					if !p.Time.IsZero() {
						got += fmt.Sprint(" ", p.Time.Unix())
					}
					if !known {
						got = "unknown"
					}
					if got != want && !t.Failed() {
						t.Errorf("%s is %q, want %q, after %v", query, got, want, texts(order))
					}
					ids = append(ids, query+": "+p.ID+" "+p.WAMID)
				}
				slices.Sort(ids)
				if firstIDs == "" {
					firstIDs = fmt.Sprint(ids)
				}
				if got := fmt.Sprint(ids); got != firstIDs && !t.Failed() {
					t.Errorf("ids %s or %s, after %v", got, firstIDs, texts(order))
				}
			})
		})
	}
}

func TestJoinIsBounded(t *testing.T) {
	t.Parallel()
	const size, many = 100, 10_000
	tracker := kirim.NewStatusTracker(size)
	for i := range many {
		tracker.Join("msg_1", fmt.Sprint("wamid.", i))           // one message with many ids
		tracker.Join(fmt.Sprint("msg_a", i), "wamid.one")        // and the other way round
		tracker.Join(fmt.Sprint("x", i), fmt.Sprint("x", i+1))   // a chain
		tracker.Join(fmt.Sprint("msg_b", i), fmt.Sprint("w", i)) // many messages
		tracker.Apply(&kirim.StatusUpdate{ID: "wamid.g", Status: "sent", GroupID: "G",
			Recipient: kirim.Person{Phone: fmt.Sprint(6281, i), UserID: "ID.1"}}) // one person with many numbers
	}
	known := 0
	for i := range many {
		for _, id := range []string{"wamid.", "msg_a", "x", "msg_b", "w"} {
			if _, ok := tracker.Progress(fmt.Sprint(id, i), ""); ok {
				known++
			}
		}
		if _, ok := tracker.Progress("wamid.g", fmt.Sprint(6281, i)); ok {
			known++
		}
	}
	if known > 8*size {
		t.Errorf("%d ids are kept for %d messages", known, size)
	}
	if p, ok := tracker.Progress(fmt.Sprint("w", many-1), ""); !ok || p.ID != fmt.Sprint("msg_b", many-1) {
		t.Errorf("the latest is forgotten: %+v", p)
	}
}

func TestAMessageHasAtMostEightIDs(t *testing.T) {
	t.Parallel()
	known := func(tracker *kirim.StatusTracker, ids ...string) (n int) {
		for _, id := range ids {
			if p, ok := tracker.Progress(id, ""); ok && p.Status == "sent" {
				n++
			}
		}
		return n
	}
	names := func(first string, n int) (ids []string) {
		for i := range n {
			ids = append(ids, fmt.Sprint(first, i))
		}
		return ids
	}
	for _, one := range []int{1, 7, 8, 9} { // joined one by one
		tracker, ids := kirim.NewStatusTracker(0), names("w", one)
		tracker.Apply(&kirim.StatusUpdate{ID: ids[0], Status: "sent"})
		for _, id := range ids[1:] {
			tracker.Join(ids[0], id)
		}
		if got := known(tracker, ids...); got != min(one, 8) {
			t.Errorf("of %d ids %d are known", one, got)
		}
	}
	for _, tt := range []struct{ m, other, want int }{{4, 4, 8}, {3, 5, 8}, {4, 5, 4}, {8, 1, 8}} { // two messages made one
		tracker, m, other := kirim.NewStatusTracker(0), names("a", tt.m), names("b", tt.other)
		for _, ids := range [][]string{m, other} {
			for _, id := range ids[1:] {
				tracker.Join(ids[0], id)
			}
		}
		if len(other) == 1 {
			tracker.Join(other[0], other[0])
		}
		tracker.Apply(&kirim.StatusUpdate{ID: m[0], Status: "sent"})
		tracker.Join(m[0], other[0])
		if got := known(tracker, append(m, other...)...); got != tt.want {
			t.Errorf("%d and %d ids: %d are known after the join, want %d", tt.m, tt.other, got, tt.want)
		}
	}
}

func TestTheLatestParticipantsAreKept(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 3} {
		tracker := kirim.NewStatusTracker(size)
		for i := range 10 {
			phone := fmt.Sprint("628", i)
			tracker.Apply(&kirim.StatusUpdate{ID: "w", Status: "sent", GroupID: "G", Recipient: kirim.Person{Phone: phone}})
			if p, known := tracker.Progress("w", phone); !known || p.Status != "sent" || p.WAMID != "w" {
				t.Errorf("size %d, participant %d: %+v", size, i, p)
			}
			if _, known := tracker.Progress("w", fmt.Sprint("628", i-size)); known && i >= size {
				t.Errorf("size %d: participant %d is not forgotten", size, i-size)
			}
		}
	}
}

func TestTrackersThatNobodyMade(t *testing.T) {
	t.Parallel()
	var zero kirim.StatusTracker
	if _, changed := zero.Apply(nil); changed {
		t.Error("nil changes something")
	}
	if _, changed := zero.Apply(&kirim.StatusUpdate{ID: "w", Status: "sent"}); !changed {
		t.Error("the zero tracker does not track")
	}
	var none *kirim.StatusTracker
	for name, use := range map[string]func(){
		"Apply":    func() { none.Apply(&kirim.StatusUpdate{ID: "w"}) },
		"Join":     func() { none.Join("msg_1", "w") },
		"Progress": func() { none.Progress("w", "") },
	} {
		func() {
			defer func() {
				if err, ok := recover().(error); !ok || err.Error() != "kirim: the StatusTracker is nil" {
					t.Errorf("%s of nil panics with %v", name, err)
				}
			}()
			use()
		}()
	}
}
