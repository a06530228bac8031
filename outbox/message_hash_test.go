package outbox

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/kirim-go/kirim"
)

// golden is a message as an earlier version has stored it.
type golden struct {
	Name, Hash string
	Body       json.RawMessage
}

func goldens(t *testing.T) (list []golden) {
	t.Helper()
	data, err := os.ReadFile("testdata/body_hashes.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

const goldenFrom = "100000000000001"

// The hashes are in the tables of those who use the outbox: none may ever change.
func TestTheHashOfEachContentStaysTheSame(t *testing.T) {
	t.Parallel()
	kinds := make(map[string]bool)
	for _, g := range goldens(t) {
		var m kirim.OutboundMessage
		if err := json.Unmarshal(g.Body, &m); err != nil {
			t.Errorf("%s: %v", g.Name, err)
			continue
		}
		kinds[m.ContentKind()] = true
		n, err := entryOf(Message{From: goldenFrom, Message: m})
		if err != nil {
			t.Errorf("%s: %v", g.Name, err)
			continue
		}
		if n.BodyHash != g.Hash {
			t.Errorf("%s: the hash is %s and was %s, of %s", g.Name, n.BodyHash, g.Hash, n.Body)
		}
	}
	for _, kind := range []string{
		"text", "image", "video", "audio", "document", "sticker", "location", "contacts", "reaction", "pin", "template", "event",
		"interactive/button", "interactive/list", "interactive/cta_url", "interactive/carousel", "interactive/product_carousel",
		"interactive/product", "interactive/product_list", "interactive/catalog_message", "interactive/flow",
		"interactive/location_request_message", "interactive/address_message", "interactive/call_permission_request",
		"interactive/voice_call", "interactive/order_details", "interactive/order_status",
	} {
		if !kinds[kind] {
			t.Errorf("no message of kind %s", kind)
		}
	}
}

func TestTheHashDoesNotDependOnHowTheSDKWritesAMessage(t *testing.T) {
	t.Parallel()
	for _, g := range goldens(t) {
		for how, rewritten := range map[string]string{
			"with its members in the opposite order": reversed(t, g.Body),
			"with spaces":                            indented(t, g.Body),
			"with more defaults written out":         withDefaults(t, g.Body),
		} {
			if got := bodyHash(goldenFrom, rewritten, ""); got != g.Hash {
				t.Errorf("%s %s: the hash is %s, want %s: %s", g.Name, how, got, g.Hash, rewritten)
			}
		}
	}
}

// reversed writes JSON with the members of each object in the opposite order.
func reversed(t *testing.T, data json.RawMessage) string {
	t.Helper()
	switch data[0] {
	case '{':
		var members map[string]json.RawMessage
		if err := json.Unmarshal(data, &members); err != nil {
			t.Fatal(err)
		}
		names := make([]string, 0, len(members))
		for name := range members {
			names = append(names, name)
		}
		slices.Sort(names)
		slices.Reverse(names)
		for i, name := range names {
			quoted, _ := json.Marshal(name)
			names[i] = string(quoted) + ":" + reversed(t, members[name])
		}
		return "{" + strings.Join(names, ",") + "}"
	case '[':
		var items []json.RawMessage
		if err := json.Unmarshal(data, &items); err != nil {
			t.Fatal(err)
		}
		written := make([]string, len(items))
		for i, item := range items {
			written[i] = reversed(t, item)
		}
		return "[" + strings.Join(written, ",") + "]"
	}
	return string(data)
}

func indented(t *testing.T, data []byte) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, data, "", "\t"); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// withDefaults writes a body with members as a later version may add them.
func withDefaults(t *testing.T, data []byte) string {
	t.Helper()
	var body map[string]any
	decode(t, data, &body)
	added := map[string]any{"none": nil, "no": false, "zero": 0, "empty": "", "object": map[string]any{"empty": ""}, "list": []any{}}
	for name, value := range added {
		body[name] = value
		if content, is := body[body["type"].(string)].(map[string]any); is && typedContents[body["type"].(string)] {
			content[name] = value
		}
	}
	if body["recipient_type"] == nil {
		body["recipient_type"] = "individual"
	}
	written, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(written)
}

// decode decodes JSON and keeps numbers as they are.
func decode(t *testing.T, data []byte, into any) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		t.Fatal(err)
	}
}

func TestWhateverARecipientWouldSeeGivesAnotherHash(t *testing.T) {
	t.Parallel()
	seen := make(map[string]string)
	for _, g := range goldens(t) {
		variants := map[string]string{"as it is": string(g.Body)}
		eachText(t, g.Body, func(path, changed string) { variants["with another "+path] = changed })
		for how, body := range variants {
			hash := bodyHash(goldenFrom, body, "")
			if before, twice := seen[hash]; twice && before != body {
				t.Errorf("%s %s has the hash of %s", g.Name, how, before)
			}
			seen[hash] = body
		}
	}
	if len(seen) < 500 {
		t.Errorf("%d different messages", len(seen))
	}
}

// eachText calls do with a body for each text and number in it, which is changed.
func eachText(t *testing.T, data []byte, do func(path, changed string)) {
	t.Helper()
	var root any
	decode(t, data, &root)
	var walk func(path string, value any, set func(any))
	walk = func(path string, value any, set func(any)) {
		switch v := value.(type) {
		case map[string]any:
			for name := range v {
				walk(path+"."+name, v[name], func(changed any) { v[name] = changed })
			}
			return
		case []any:
			for i := range v {
				walk(path+"[]", v[i], func(changed any) { v[i] = changed })
			}
			return
		case string:
			set(v + "!")
		case json.Number:
			if v == "0" {
				v = "" // 01 is no number
			}
			set(v + "1")
		case bool:
			set(!v)
		}
		written, err := json.Marshal(root)
		if err != nil {
			t.Fatal(err)
		}
		do(path, string(written))
		set(value)
	}
	walk("", root, func(any) {})
}

func TestWhatTheHashIsOf(t *testing.T) {
	t.Parallel()
	hash := func(change func(*Message)) string {
		m := someMessage()
		change(&m)
		n, err := entryOf(m)
		if err != nil {
			t.Fatal(err)
		}
		return n.BodyHash
	}
	hello := kirim.Template{Name: "hello_world", Language: "en_US"}
	flow := func(data string) func(*Message) {
		return func(m *Message) {
			m.Message.Content = kirim.Flow{Body: "Order", ID: "1", Button: "Open", Screen: "CART", Data: json.RawMessage(data)}
		}
	}
	raw := func(object map[string]any) func(*Message) {
		return func(m *Message) { m.Message.Content = kirim.Raw{Type: "event", Object: object} }
	}
	for _, tt := range []struct {
		name   string
		a, b   func(*Message)
		isSame bool
	}{
		{"another key, class, campaign and time", func(*Message) {}, func(m *Message) {
			m.Key, m.Class, m.Campaign, m.NotBefore, m.Expires = "k", ClassMarketing, "spring", noon, noon.Add(1e9)
		}, true},
		{"a pointer to the content", func(*Message) {}, func(m *Message) { m.Message.Content = &kirim.Text{Body: "Your order is ready."} }, true},
		{"the recipient's type, written out", func(*Message) {}, func(m *Message) { m.Message.RecipientType = "individual" }, true},
		{"another number", func(*Message) {}, func(m *Message) { m.From = "100000000000002" }, false},
		{"another recipient", func(*Message) {}, func(m *Message) { m.Message.To = "+6281234567002" }, false},
		{"a template beside it", func(*Message) {}, func(m *Message) { m.Template = &hello }, false},
		{"the template in its place", func(m *Message) { m.Template = &hello }, func(m *Message) { m.Message.Content = hello }, false},
		{"another template beside it", func(m *Message) { m.Template = &hello }, func(m *Message) { m.Template = &kirim.Template{Name: "hello_world", Language: "id"} }, false},
		{"no number in the data of a flow", flow(`{"items":0,"name":"a"}`), flow(`{"name":"a"}`), false},
		{"the data of a flow in another order", flow(`{"items":0,"name":"a"}`), flow(`{"name":"a", "items":0}`), true},
		{"no number in an object of the caller's", raw(map[string]any{"guests": 0}), raw(map[string]any{}), false},
		{"an amount that differs in its last digit", raw(map[string]any{"n": json.Number("12345678901234567890")}), raw(map[string]any{"n": json.Number("12345678901234567891")}), false},
	} {
		if a, b := hash(tt.a), hash(tt.b); (a == b) != tt.isSame {
			t.Errorf("%s: %s and %s", tt.name, a, b)
		}
	}
}
