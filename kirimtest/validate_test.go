package kirimtest

import (
	"fmt"
	"strings"
	"testing"
)

// of builds the body of a send of the given type.
func of(kind, content string) string {
	return `{"messaging_product":"whatsapp","to":"+628123456789","type":"` + kind + `","` + kind + `":` + content + `}`
}

func interactive(kind, action, rest string) string {
	return of("interactive", `{"type":"`+kind+`","body":{"text":"b"},"action":`+action+rest+`}`)
}

func long(n int) string { return strings.Repeat("é", n) }

func replies(pairs ...string) string {
	var b []string
	for i := 0; i < len(pairs); i += 2 {
		b = append(b, `{"type":"reply","reply":{"id":"`+pairs[i]+`","title":"`+pairs[i+1]+`"}}`)
	}
	return `{"buttons":[` + strings.Join(b, ",") + `]}`
}

func rows(n int) string {
	return strings.TrimSuffix(strings.Repeat(`{"id":"r","title":"t"},`, n), ",")
}

func sections(list ...string) string {
	for i, r := range list {
		list[i] = `{"title":"s","rows":[` + r + `]}`
	}
	return `{"button":"b","sections":[` + strings.Join(list, ",") + `]}`
}

const cardURL = `{"name":"cta_url","parameters":{"display_text":"d","url":"https://x.test"}}`

func quickReplies(n int) string {
	var b []string
	for i := range n {
		b = append(b, fmt.Sprintf(`{"type":"quick_reply","quick_reply":{"id":"%d","title":"t%d"}}`, i, i))
	}
	return `{"buttons":[` + strings.Join(b, ",") + `]}`
}

// mixedCards has a card for each action.
func mixedCards(actions ...string) string {
	all := cards(len(actions), "b")
	for _, action := range actions {
		all = strings.Replace(all, `"action":`+cardURL, `"action": `+action, 1)
	}
	return all
}

func cards(n int, body string) string {
	card := `{"card_index":0,"type":"cta_url","header":{"type":"image","image":{"link":"https://x.test/a.jpg"}},` +
		`"body":{"text":"` + body + `"},"action":{"name":"cta_url","parameters":{"display_text":"d","url":"https://x.test"}}},`
	return `{"cards":[` + strings.TrimSuffix(strings.Repeat(card, n), ",") + `]}`
}

func TestSendsAreCheckedFieldByField(t *testing.T) {
	t.Parallel()
	const (
		missing = "missing_required_field"
		invalid = "invalid_field_value"
		cta     = `{"name":"cta_url","parameters":{"display_text":"Open","url":"https://x.test"}}`
	)
	tests := []struct {
		name, body, code, param string
	}{
		{"a text of 4096 characters passes", of("text", `{"body":"`+long(4096)+`","preview_url":true}`), "", ""},
		{"a text of 4097 characters is too long", of("text", `{"body":"`+long(4097)+`"}`), invalid, "text.body"},
		{"an empty text is refused", of("text", `{"body":""}`), invalid, "text.body"},
		{"a text that is a number is refused", of("text", `{"body":1}`), invalid, "text.body"},
		{"a text needs a body", of("text", `{}`), missing, "text.body"},
		{"preview_url is a boolean", of("text", `{"body":"x","preview_url":"yes"}`), invalid, "text.preview_url"},
		{"the object of the type is required", `{"messaging_product":"whatsapp","to":"+628123456789","type":"text"}`, missing, "text"},
		{"the object of the type is an object", of("text", `"hi"`), invalid, "text"},
		{"null counts as missing", of("text", `null`), missing, "text"},

		{"the product is required", `{"to":"+628123456789","type":"text","text":{"body":"x"}}`, missing, "messaging_product"},
		{"the product is whatsapp", strings.Replace(textBody, "whatsapp", "sms", 1), invalid, "messaging_product"},
		{"the recipient is required", `{"messaging_product":"whatsapp","type":"text","text":{"body":"x"}}`, missing, "to"},
		{"the recipient needs its plus", strings.Replace(textBody, "+62", "62", 1), "invalid_phone_number", "to"},
		{"the recipient has no spaces", strings.Replace(textBody, "+628", "+62 8", 1), "invalid_phone_number", "to"},
		{"the recipient has no leading zero", strings.Replace(textBody, "+62", "+0", 1), "invalid_phone_number", "to"},
		{"the recipient has at least 7 digits", strings.Replace(textBody, customer, "+123456", 1), "invalid_phone_number", "to"},
		{"the recipient has at most 15 digits", strings.Replace(textBody, customer, "+1234567890123456", 1), "invalid_phone_number", "to"},
		{"the recipient is a string", strings.Replace(textBody, `"+628123456789"`, "1", 1), "invalid_phone_number", "to"},
		{"the recipient is one person", strings.Replace(textBody, `"to"`, `"recipient_type":"group","to"`, 1), invalid, "recipient_type"},
		{"an individual recipient passes", strings.Replace(textBody, `"to"`, `"recipient_type":"individual","to"`, 1), "", ""},
		{"the type is required", `{"messaging_product":"whatsapp","to":"+628123456789"}`, missing, "type"},
		{"a sticker cannot be sent", of("sticker", `{"id":"1"}`), invalid, "type"},
		{"a reply names a wamid", strings.Replace(textBody, `"to"`, `"context":{"message_id":"msg_1"},"to"`, 1), invalid, "context.message_id"},
		{"a reply names a message", strings.Replace(textBody, `"to"`, `"context":{},"to"`, 1), missing, "context.message_id"},
		{"a reply passes", strings.Replace(textBody, `"to"`, `"context":{"message_id":"wamid.1"},"to"`, 1), "", ""},
		{"the body is an object", `[]`, invalid, "body"},
		{"the body is JSON", `{"messaging_product":`, invalid, "body"},
		{"the body is one JSON value", textBody + `{}`, invalid, "body"},
		{"the body is not empty", ``, invalid, "body"},

		{"an image by link passes", of("image", `{"link":"https://x.test/a.jpg","caption":"`+long(1024)+`"}`), "", ""},
		{"a video by id passes", of("video", `{"id":"123"}`), "", ""},
		{"a document with file name passes", of("document", `{"link":"https://x.test/a.pdf","filename":"a.pdf","caption":"c"}`), "", ""},
		{"audio passes", of("audio", `{"id":"123"}`), "", ""},
		{"media needs a link or an id", of("image", `{}`), missing, "image.link"},
		{"media has not both link and id", of("image", `{"link":"https://x.test","id":"1"}`), invalid, "image"},
		{"a media link is https", of("video", `{"link":"http://x.test"}`), invalid, "video.link"},
		{"a media link has no space", of("video", `{"link":"https://x.test/a b.mp4"}`), invalid, "video.link"},
		{"a media link has no quote", of("video", `{"link":"https://x.test/\"a.mp4"}`), invalid, "video.link"},
		{"a media link may have an apostrophe", of("video", `{"link":"https://x.test/a's.mp4"}`), "", ""},
		{"a media link is absolute", of("video", `{"link":"https:///a.mp4"}`), invalid, "video.link"},
		{"a caption has at most 1024 characters", of("image", `{"id":"1","caption":"`+long(1025)+`"}`), invalid, "image.caption"},
		{"audio has no caption", of("audio", `{"id":"1","caption":"c"}`), invalid, "audio.caption"},

		{"a link button passes", interactive("cta_url", cta, `,"footer":{"text":"f"},"header":{"type":"text","text":"h"}`), "", ""},
		{"a link button has a display text", interactive("cta_url", strings.Replace(cta, "display_text", "x", 1), ""), missing, "interactive.action.parameters.display_text"},
		{"a display text has at most 20 characters", interactive("cta_url", strings.Replace(cta, "Open", long(21), 1), ""), invalid, "interactive.action.parameters.display_text"},
		{"a link button is https", interactive("cta_url", strings.Replace(cta, "https", "http", 1), ""), invalid, "interactive.action.parameters.url"},
		{"a footer has at most 60 characters", interactive("cta_url", cta, `,"footer":{"text":"`+long(61)+`"}`), invalid, "interactive.footer.text"},
		{"a text header has at most 60 characters", interactive("cta_url", cta, `,"header":{"type":"text","text":"`+long(61)+`"}`), invalid, "interactive.header.text"},
		{"a media header has a link", interactive("cta_url", cta, `,"header":{"type":"image","image":{}}`), missing, "interactive.header.image.link"},
		{"a media header passes", interactive("reply_buttons", replies("1", "a"), `,"header":{"type":"document","document":{"link":"https://x.test/a.pdf"}}`), "", ""},
		{"an interactive message has a kind", of("interactive", `{"body":{"text":"b"},"action":{}}`), missing, "interactive.type"},
		{"an unknown kind is refused", interactive("flow", `{}`, ""), invalid, "interactive.type"},
		{"an interactive body has at most 1024 characters", strings.Replace(interactive("cta_url", cta, ""), `"b"`, `"`+long(1025)+`"`, 1), invalid, "interactive.body.text"},
		{"an interactive message has an action", of("interactive", `{"type":"list","body":{"text":"b"}}`), missing, "interactive.action"},

		{"a list of 10 rows passes", interactive("list", sections(rows(4), rows(6)), ""), "", ""},
		{"a list has at most 10 rows", interactive("list", sections(rows(5), rows(6)), ""), invalid, "interactive.action.sections"},
		{"a list has sections", interactive("list", sections(), ""), invalid, "interactive.action.sections"},
		{"a list has only a text header", interactive("list", sections(rows(1)), `,"header":{"type":"image","image":{"link":"https://x.test"}}`), invalid, "interactive.header.type"},
		{"sections are an array", interactive("list", `{"button":"b","sections":{}}`, ""), invalid, "interactive.action.sections"},
		{"sections are objects", interactive("list", `{"button":"b","sections":[1]}`, ""), invalid, "interactive.action.sections[0]"},
		{"sections are required", interactive("list", `{"button":"b"}`, ""), missing, "interactive.action.sections"},
		{"a section has rows", interactive("list", sections(""), ""), invalid, "interactive.action.sections[0].rows"},
		{"a section title has at most 24 characters", interactive("list", strings.Replace(sections(rows(1)), `"s"`, `"`+long(25)+`"`, 1), ""), invalid, "interactive.action.sections[0].title"},
		{"a list button has at most 20 characters", interactive("list", strings.Replace(sections(rows(1)), `"b"`, `"`+long(21)+`"`, 1), ""), invalid, "interactive.action.button"},
		{"a row id has at most 200 characters", interactive("list", strings.Replace(sections(rows(1)), `"r"`, `"`+long(201)+`"`, 1), ""), invalid, "interactive.action.sections[0].rows[0].id"},
		{"a row title has at most 24 characters", interactive("list", strings.Replace(sections(rows(1), rows(2)), `"t"`, `"`+long(25)+`"`, 2), ""), invalid, "interactive.action.sections[0].rows[0].title"},
		{"a row description has at most 72 characters", interactive("list", sections(`{"id":"r","title":"t","description":"`+long(73)+`"}`), ""), invalid, "interactive.action.sections[0].rows[0].description"},

		{"three reply buttons pass", interactive("reply_buttons", replies("1", "a", "2", "b", "3", "c"), ""), "", ""},
		{"Meta's name of reply buttons passes", interactive("button", replies("1", "a"), ""), "", ""},
		{"four reply buttons are too many", interactive("reply_buttons", replies("1", "a", "2", "b", "3", "c", "4", "d"), ""), invalid, "interactive.action.buttons"},
		{"no reply button is too few", interactive("reply_buttons", replies(), ""), invalid, "interactive.action.buttons"},
		{"button ids are unique", interactive("reply_buttons", replies("1", "a", "1", "b"), ""), invalid, "interactive.action.buttons[1].reply.id"},
		{"button titles are unique", interactive("reply_buttons", replies("1", "a", "2", "a"), ""), invalid, "interactive.action.buttons[1].reply.title"},
		{"a button id has at most 256 characters", interactive("reply_buttons", replies(long(257), "a"), ""), invalid, "interactive.action.buttons[0].reply.id"},
		{"a button title has at most 20 characters", interactive("reply_buttons", replies("1", long(21)), ""), invalid, "interactive.action.buttons[0].reply.title"},
		{"a button is of type reply", interactive("reply_buttons", strings.Replace(replies("1", "a"), `"type":"reply"`, `"type":"url"`, 1), ""), invalid, "interactive.action.buttons[0].type"},

		{"a carousel of two cards passes", interactive("carousel", cards(2, long(160)), ""), "", ""},
		{"a carousel of quick replies passes", interactive("carousel", strings.ReplaceAll(cards(2, "b"),
			`{"name":"cta_url","parameters":{"display_text":"d","url":"https://x.test"}}`,
			`{"buttons":[{"type":"quick_reply","quick_reply":{"id":"1","title":"a"}}]}`), ""), "", ""},
		{"a carousel of two quick replies on each card passes", interactive("carousel", mixedCards(quickReplies(2), quickReplies(2)), ""), "", ""},
		{"cards have the same number of quick replies", interactive("carousel", mixedCards(quickReplies(2), quickReplies(1)), ""), invalid, "interactive.action.cards[1].action"},
		{"cards have the same kind of buttons", interactive("carousel", mixedCards(cardURL, cardURL, quickReplies(1)), ""), invalid, "interactive.action.cards[2].action"},
		{"cards have headers of one kind", interactive("carousel", strings.Replace(cards(2, "b"), `{"type":"image","image"`, `{"type":"video","video"`, 1), ""), invalid, "interactive.action.cards[1].header.type"},
		{"the id of a quick reply has at most 256 characters", interactive("carousel", strings.Replace(mixedCards(quickReplies(1), quickReplies(1)), `"id":"0"`, `"id":"`+long(257)+`"`, 1), ""), invalid, "interactive.action.cards[0].action.buttons[0].quick_reply.id"},
		{"a carousel has at least 2 cards", interactive("carousel", cards(1, "b"), ""), invalid, "interactive.action.cards"},
		{"a carousel has at most 10 cards", interactive("carousel", cards(11, "b"), ""), invalid, "interactive.action.cards"},
		{"a card's text has at most 160 characters", interactive("carousel", cards(2, long(161)), ""), invalid, "interactive.action.cards[0].body.text"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, _ := inMemory(t)
			s.Receive(Inbound{From: customer})
			r := post(t, s, tt.body)
			status := 400
			if tt.code == "" {
				status = 200
			}
			wantRefusal(t, r, status, tt.code, tt.param)
			if r.typ() != "" && r.typ() != "invalid_request_error" {
				t.Errorf("type %q", r.typ())
			}
			if n := s.MessageCount(); (n == 1) != (status == 200) {
				t.Errorf("%d messages", n)
			}
		})
	}
}

func TestCarouselAndButtonChecksCanBeAssumedAway(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t, WithAssumptions(func(a *Assumptions) { a.CarouselLimits, a.MetaButtonKind = false, false }))
	s.Receive(Inbound{From: customer})
	wantStatus(t, post(t, s, interactive("carousel", cards(1, long(161)), "")), 200, "")
	wantStatus(t, post(t, s, interactive("button", replies("1", "a"), "")), 400, "invalid_field_value")
}

func TestLengthUnitIsAnAssumption(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t, WithAssumptions(func(a *Assumptions) { a.Length = func(s string) int { return len(s) } }))
	s.Receive(Inbound{From: customer})
	wantStatus(t, post(t, s, of("text", `{"body":"`+long(2048)+`"}`)), 200, "")
	wantStatus(t, post(t, s, of("text", `{"body":"`+long(2049)+`"}`)), 400, "invalid_field_value")
}
