package storeredis

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/kirim-go/kirim"
	"github.com/redis/go-redis/v9"
)

// StatusStore is a [kirim.StatusStore] over Redis: processes that get the updates of a
// message in any order, by either of its ids, all know how far it has come. Each change of
// a status is reported to one caller. It is safe for concurrent use.
//
// A message is forgotten when its status has not changed for the time of [WithRetention]. Of
// a message to a group the latest 1,024 participants are kept.
//
// After an error of Apply, Redis may have taken the update in or not. The same update
// may be applied again, but if it was taken in, that does not report a change.
type StatusStore struct{ stores *Stores }

var _ kirim.StatusStore = (*StatusStore)(nil)

const (
	maxParticipants = 1 << 10
	rememberWrites  = 8
)

// message is what the keys of all ids of a message hold.
type message struct {
	kirim.StatusRecord
	// Writes are random names of the latest writes, by which a write that go-redis
	// sends again finds out that it was carried out.
	Writes []string `json:"writes"`
}

// swapScript sets the keys of one or two messages, if the first ones still hold what was
// read. ARGV is the name of the write, the retention, how many keys were read, what
// they held, and what each key is to hold.
var swapScript = redis.NewScript(`
local read = tonumber(ARGV[3])
for i = 1, read do
  local held = redis.call('GET', KEYS[i]) or ''
  if string.find(held, ARGV[1], 1, true) then
    return 1
  elseif held ~= ARGV[3 + i] then
    return 0
  end
end
for i, key in ipairs(KEYS) do
  redis.call('SET', key, ARGV[3 + read + i], 'PX', ARGV[2])
end
return 1`)

// Apply implements [kirim.StatusStore].
func (s *StatusStore) Apply(ctx context.Context, update *kirim.StatusUpdate) (progress kirim.MessageProgress, changed bool, err error) {
	if update == nil || update.ID == "" {
		return progress, false, nil
	}
	err = s.change(ctx, []string{update.ID}, func(t *kirim.StatusTracker) {
		progress, changed = t.Apply(update)
	})
	if err != nil {
		return kirim.MessageProgress{}, false, failed("apply a status", err)
	}
	return progress, changed, nil
}

// Join implements [kirim.StatusStore].
func (s *StatusStore) Join(ctx context.Context, id, wamid string) error {
	if id == "" || wamid == "" {
		return nil
	}
	err := s.change(ctx, []string{id, wamid}, func(t *kirim.StatusTracker) { t.Join(id, wamid) })
	if err != nil {
		return failed("join the ids of a message", err)
	}
	return nil
}

// Progress implements [kirim.StatusStore].
func (s *StatusStore) Progress(ctx context.Context, id, participant string) (progress kirim.MessageProgress, known bool, err error) {
	tracker, _, _, err := s.read(ctx, []string{id})
	if err != nil {
		return progress, false, failed("look up a status", err)
	}
	progress, known = tracker.Progress(id, participant)
	return progress, known, nil
}

// change reads the messages with the ids, alters them and writes them, unless somebody
// else has written meanwhile: then it begins anew.
func (s *StatusStore) change(ctx context.Context, ids []string, alter func(*kirim.StatusTracker)) error {
	ids = slices.Compact(ids)
	for {
		tracker, held, writes, err := s.read(ctx, ids)
		if err != nil {
			return err
		}
		before, err := encode(tracker, ids, nil)
		if err != nil {
			return err
		}
		alter(tracker)
		after, err := encode(tracker, ids, nil)
		if err != nil {
			return err
		}
		if maps.Equal(before, after) {
			return nil
		}
		write := rand.Text()[:12]
		values, err := encode(tracker, ids, append([]string{write}, writes[:min(len(writes), rememberWrites-1)]...))
		if err != nil {
			return err
		}
		keys, args := make([]string, 0, len(values)), []any{write, s.stores.retention.Milliseconds(), len(ids)}
		for _, value := range held {
			args = append(args, value)
		}
		for _, id := range ids {
			keys, args = append(keys, s.messageKey(id)), append(args, values[id])
			delete(values, id)
		}
		for id, value := range values {
			keys, args = append(keys, s.messageKey(id)), append(args, value)
		}
		if written, err := swapScript.Run(ctx, s.stores.client, keys, args...).Bool(); err != nil || written {
			return err
		}
	}
}

// encode returns what the keys of the messages with the ids are to hold, by id.
func encode(tracker *kirim.StatusTracker, ids, writes []string) (map[string]string, error) {
	values := make(map[string]string)
	for _, id := range ids {
		record, known := tracker.Record(id)
		if !known || values[id] != "" {
			continue
		}
		slices.SortFunc(record.Parts, func(a, b kirim.StatusPart) int { return slices.Compare(a.Names, b.Names) })
		value, err := json.Marshal(message{record, writes})
		if err != nil {
			return nil, err
		}
		for _, id := range record.IDs {
			values[id] = string(value)
		}
	}
	return values, nil
}

// read returns a tracker of the messages with the ids, what their keys hold, and the
// names of the latest writes.
func (s *StatusStore) read(ctx context.Context, ids []string) (tracker *kirim.StatusTracker, held, writes []string, err error) {
	if ctx == nil {
		return nil, nil, nil, errNoContext
	}
	keys := make([]string, len(ids))
	for i, id := range ids {
		keys[i] = s.messageKey(id)
	}
	values, err := s.stores.client.MGet(ctx, keys...).Result()
	if err != nil {
		return nil, nil, nil, err
	}
	tracker, held = kirim.NewStatusTracker(maxParticipants), make([]string, len(ids))
	for i, value := range values {
		text, ok := value.(string)
		if !ok { // nothing is known of it
			continue
		}
		var m message
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			return nil, nil, nil, fmt.Errorf("the key of a message holds something else: %w", err)
		}
		tracker.Restore(m.StatusRecord)
		held[i], writes = text, append(writes, m.Writes...)
	}
	return tracker, held, writes, nil
}

// messageKey returns the key of a message, by one of its ids. The braces put all of them
// into one slot of a cluster, as a script must not touch several.
func (s *StatusStore) messageKey(id string) string {
	return "{" + s.stores.prefix + "}:status:" + hashed(id)
}
