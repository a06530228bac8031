package outbox

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
)

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

// someMessage is a good message.
func someMessage() Message {
	return Message{
		From: "100000000000001", Key: "order-17",
		Message: kirim.OutboundMessage{To: "+6281234567001", Content: kirim.Text{Body: "Your order is ready."}},
	}
}

func TestWhatAMessageMayBe(t *testing.T) {
	t.Parallel()
	hello := kirim.Template{Name: "hello_world", Language: "en_US"}
	for _, tt := range []struct {
		name   string
		change func(*Message)
		field  string // that is refused; empty for none
	}{
		{"one with the least that it needs", func(m *Message) { m.Key = "" }, ""},
		{"one with everything", func(m *Message) {
			m.Class, m.Campaign, m.Template, m.NotBefore, m.Expires = ClassMarketing, "spring", &hello, noon, noon.Add(time.Hour)
		}, ""},
		{"no sender", func(m *Message) { m.From = "" }, "From"},
		{"a sender of 64 characters", func(m *Message) { m.From = strings.Repeat("1", 64) }, ""},
		{"a sender of 65 characters", func(m *Message) { m.From = strings.Repeat("1", 65) }, "From"},
		{"a sender that is not ASCII", func(m *Message) { m.From = "1é" }, "From"},
		{"a key of 1 character", func(m *Message) { m.Key = "k" }, ""},
		{"a key of 200 characters", func(m *Message) { m.Key = strings.Repeat("k", 200) }, ""},
		{"a key of 201 characters", func(m *Message) { m.Key = strings.Repeat("k", 201) }, "Key"},
		{"a key with a space inside", func(m *Message) { m.Key = "order 17" }, ""},
		{"a key with a space at its end", func(m *Message) { m.Key = "order " }, "Key"},
		{"a key with a line break", func(m *Message) { m.Key = "order\n17" }, "Key"},
		{"a key with a NUL", func(m *Message) { m.Key = "order\x0017" }, "Key"},
		{"a key that is not ASCII", func(m *Message) { m.Key = "pesanan-é" }, "Key"},
		{"a campaign of 200 characters", func(m *Message) { m.Campaign = strings.Repeat("c", 200) }, ""},
		{"a campaign of 201 characters", func(m *Message) { m.Campaign = strings.Repeat("c", 201) }, "Campaign"},
		{"a campaign with a tab", func(m *Message) { m.Campaign = "spring\t26" }, "Campaign"},
		{"a class of one's own", func(m *Message) { m.Class = "alerts_2-eu" }, ""},
		{"a class of 32 characters", func(m *Message) { m.Class = Class(strings.Repeat("c", 32)) }, ""},
		{"a class of 33 characters", func(m *Message) { m.Class = Class(strings.Repeat("c", 33)) }, "Class"},
		{"a class in capitals", func(m *Message) { m.Class = "Marketing" }, "Class"},
		{"a class with a line break at its end", func(m *Message) { m.Class = "marketing\n" }, "Class"},
		{"expiry at the time at which it is due", func(m *Message) { m.NotBefore, m.Expires = noon, noon }, "Expires"},
		{"expiry before it is due", func(m *Message) { m.NotBefore, m.Expires = noon, noon.Add(-1) }, "Expires"},
		{"expiry just after it is due", func(m *Message) { m.NotBefore, m.Expires = noon, noon.Add(time.Microsecond) }, ""},
		{"a due time before 1971", func(m *Message) { m.NotBefore = time.Unix(0, 0) }, "NotBefore"},
		{"a due time after 9999", func(m *Message) { m.NotBefore = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, "NotBefore"},
		{"expiry after 9999", func(m *Message) { m.Expires = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, "Expires"},
		{"no content", func(m *Message) { m.Message.Content = nil }, "type"},
		{"a nil pointer as content", func(m *Message) { m.Message.Content = (*kirim.Text)(nil) }, "type"},
		{"a recipient that is no number", func(m *Message) { m.Message.To = "alice" }, "to"},
		{"an id as the recipient", func(m *Message) { m.Message.To, m.Message.Recipient = "", "US.13491208655302741918" }, ""},
		{"an id of 200 bytes", func(m *Message) { m.Message.To, m.Message.Recipient = "", strings.Repeat("a", 200) }, ""},
		{"an id of 201 bytes", func(m *Message) { m.Message.To, m.Message.Recipient = "", strings.Repeat("a", 201) }, "Message.Recipient"},
		{"an id with a NUL", func(m *Message) { m.Message.To, m.Message.Recipient = "", "US.\x00" }, "Message"},
		{"a text that is not UTF-8", func(m *Message) { m.Message.Content = kirim.Text{Body: "\xff"} }, "text.body"},
		{"a text with a NUL", func(m *Message) { m.Message.Content = kirim.Text{Body: "a\x00b"} }, "Message"},
		{"a text with a NUL after a backslash", func(m *Message) { m.Message.Content = kirim.Text{Body: "a\\\x00b"} }, "Message"},
		{"a text about NUL", func(m *Message) { m.Message.Content = kirim.Text{Body: `write \u0000 or \\u0000`} }, ""},
		{"a text above its limit", func(m *Message) { m.Message.Content = kirim.Text{Body: strings.Repeat("a", 4097)} }, "text.body"},
		{"an object of the caller's that has no JSON form", func(m *Message) {
			m.Message.Content = kirim.Raw{Type: "event", Object: map[string]any{"at": func() {}}}
		}, "event"},
		{"an object of just under 1 MiB", func(m *Message) {
			m.Message.Content = kirim.Raw{Type: "event", Object: map[string]any{"a": strings.Repeat("x", 1<<20-200)}}
		}, ""},
		{"an object of more than 1 MiB", func(m *Message) {
			m.Message.Content = kirim.Raw{Type: "event", Object: map[string]any{"a": strings.Repeat("x", 1<<20)}}
		}, "Message"},
		{"a template without a name", func(m *Message) { m.Template = &kirim.Template{Language: "id"} }, "template.name"},
		{"a template with a NUL", func(m *Message) {
			m.Template = &kirim.Template{Name: "hello", Language: "id", Components: []kirim.Component{kirim.FillBody("\x00")}}
		}, "Template"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := someMessage()
			tt.change(&m)
			n, err := entryOf(m)
			var invalid *kirim.ValidationError
			switch {
			case tt.field == "" && err != nil:
				t.Fatal(err)
			case tt.field == "" && n.Key == "":
				t.Fatal("it has no key")
			case tt.field != "" && !errors.As(err, &invalid):
				t.Fatalf("got %v, want a *kirim.ValidationError", err)
			case tt.field != "" && invalid.Violations[0].Path != tt.field:
				t.Fatalf("%v names %q, want %q", err, invalid.Violations[0].Path, tt.field)
			case tt.field != "" && len(err.Error()) > 300:
				t.Fatalf("the text has %d characters: it may quote the value", len(err.Error()))
			}
		})
	}
}

func TestAContentThatCannotBeReadBackIsRefused(t *testing.T) {
	t.Parallel()
	m := someMessage()
	m.Message.Content = kirim.Raw{Type: "text", Object: map[string]any{"body": 7}}
	if _, err := entryOf(m); err == nil || !strings.Contains(err.Error(), "cannot be stored") {
		t.Fatalf("got %v", err)
	}
}

func TestAMessageWithoutAKeyHasOneOfItsOwn(t *testing.T) {
	t.Parallel()
	m := someMessage()
	m.Key = ""
	a, errA := entryOf(m)
	b, errB := entryOf(m)
	if errA != nil || errB != nil || a.Key == b.Key || a.KeyHash == b.KeyHash {
		t.Fatalf("got the keys %q and %q, %v, %v", a.Key, b.Key, errA, errB)
	}
}

func TestMessagesAreInOneLaneWhenTheyGoFromOneNumberToOneRecipientInOneClass(t *testing.T) {
	t.Parallel()
	lane := func(change func(*Message)) string {
		m := someMessage()
		change(&m)
		n, err := entryOf(m)
		if err != nil {
			t.Fatal(err)
		}
		return n.Lane
	}
	same := lane(func(*Message) {})
	for name, tt := range map[string]struct {
		change func(*Message)
		isSame bool
	}{
		"another text":                   {func(m *Message) { m.Message.Content = kirim.Text{Body: "Thanks"} }, true},
		"another campaign":               {func(m *Message) { m.Campaign = "spring" }, true},
		"the default class, written out": {func(m *Message) { m.Class = ClassTransactional }, true},
		"another class":                  {func(m *Message) { m.Class = ClassCode }, false},
		"another number":                 {func(m *Message) { m.From = "100000000000002" }, false},
		"another recipient":              {func(m *Message) { m.Message.To = "+6281234567002" }, false},
	} {
		if got := lane(tt.change); (got == same) != tt.isSame {
			t.Errorf("%s: %q beside %q", name, got, same)
		}
	}
}

func TestASpellingOfANumberIsItsDigits(t *testing.T) {
	t.Parallel()
	for spelling, want := range map[string]string{
		"+62 812-3456-7001":       "6281234567001",
		"(+62) 812.3456.7001":     "6281234567001",
		"6281234567001":           "6281234567001",
		"US.13491208655302741918": "US.13491208655302741918",
		"":                        "",
	} {
		if got := normalised(spelling); got != want {
			t.Errorf("%q became %q, want %q", spelling, got, want)
		}
	}
}
