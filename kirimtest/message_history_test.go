package kirimtest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestMessagesAreListedNewestFirst(t *testing.T) {
	t.Parallel()
	s, clock := inMemory(t)
	path := messagesPath(s)
	in := s.Receive(Inbound{From: customer, Text: "hello"})
	clock.Advance(time.Second)
	post(t, s, textBody)
	clock.Advance(time.Second)
	second := s.Receive(Inbound{From: "+628000000000", Text: "and me?"})
	clock.Advance(time.Second)
	post(t, s, tmplBody)
	s.AddPhoneNumber(PhoneNumber{ID: "222222222222222"})
	s.Receive(Inbound{From: customer, PhoneNumberID: "222222222222222"})

	all := list(t, s, path)
	if got := all.column("direction"); got != "[outbound inbound outbound inbound]" {
		t.Fatal(got)
	}
	conversation := all.Data[0]["conversation_id"].(string)
	for query, want := range map[string]int{
		"direction=inbound": 2, "direction=outbound": 2, "status=pending": 1, "status=delivered": 1, "status=received": 2, "status=read": 0,
		"conversation_id=" + conversation:                                         3,
		"conversation_id=cnv_01HXYZABCDEFGHJKMNPQRSTVWX":                          0,
		"created_after=" + stamp(epoch):                                           3,
		"created_before=" + stamp(epoch):                                          0,
		"created_after=2026-01-02T10:04:06%2B07:00":                               2,
		"created_after=" + stamp(epoch) + "&created_before=" + stamp(clock.Now()): 2,
	} {
		if got := list(t, s, path+"?"+query); len(got.Data) != want {
			t.Errorf("%s: %d rows, want %d", query, len(got.Data), want)
		}
	}
	p := list(t, s, path+"?limit=3")
	if rest := list(t, s, path+"?limit=3&cursor="+*p.Next); rest.column("id") != "["+in.ID+"]" {
		t.Errorf("rest %v", rest)
	}
	r := do(t, s, "GET", path+"/"+second.ID, "")
	wantStatus(t, r, 200, "")
	if r.data["content"] != "and me?" || r.data["from"] != "+628000000000" || r.data["message_id"] != second.WAMID {
		t.Errorf("%v", r.data)
	}
	wantStatus(t, do(t, s, "GET", "/v1/222222222222222/messages/"+second.ID, ""), 404, unknown)
	wantStatus(t, do(t, s, "GET", path+"/msg_01HXYZABCDEFGHJKMNPQRSTVWX", ""), 404, unknown)

	s.Forget()
	if got := list(t, s, path).column("direction"); got != "[inbound inbound]" {
		t.Errorf("after Forget: %s", got)
	}
}

func TestReadReceiptsChangeTheStoredMessage(t *testing.T) {
	t.Parallel()
	s, clock := inMemory(t)
	in := s.Receive(Inbound{From: customer})
	unread := s.Receive(Inbound{From: customer})
	clock.Advance(time.Second)
	for range 2 {
		wantStatus(t, post(t, s, receipt(in.WAMID, "")), 200, "")
		clock.Advance(time.Second)
	}
	if !s.WasRead(in.WAMID) || s.WasRead(unread.WAMID) || s.WasRead("wamid.x") {
		t.Error("WasRead tells something else")
	}
	r := do(t, s, "GET", messagesPath(s)+"/"+in.ID, "")
	if r.data["status"] != "read" || r.data["updated_at"] != stamp(epoch.Add(time.Second)) {
		t.Errorf("%v", r.data)
	}
	if got := list(t, s, numberPath(s)+"/conversations").column("unread_count"); got != "[1]" {
		t.Errorf("unread %s", got)
	}
}

func TestMessagesOfEveryInboundTypeAreShown(t *testing.T) {
	t.Parallel()
	photo := &Media{Data: []byte("x"), ContentType: "image/png", Filename: "a.png"}
	tests := []struct {
		kind string
		in   Inbound
		want string // part of the JSON
	}{
		{"text", Inbound{Text: "hi"}, `"content":"hi"`},
		{"image", Inbound{Media: photo, Caption: "nice"}, `"mime_type":"image/png","caption":"nice","filename":"a.png"`},
		{"video", Inbound{Media: &Media{ContentType: "video/mp4"}}, `"mime_type":"video/mp4"`},
		{"audio", Inbound{Media: &Media{ContentType: "audio/ogg"}}, `"mime_type":"audio/ogg"`},
		{"document", Inbound{Media: &Media{}}, `"mime_type":"application/octet-stream"`},
		{"sticker", Inbound{Type: "sticker", Media: &Media{ContentType: "image/webp"}}, `"mime_type":"image/webp"`},
		{"location", Inbound{Location: &Location{Latitude: -6.2, Longitude: 106.8, Name: "Monas"}}, `{"latitude":-6.2,"longitude":106.8,"name":"Monas"}`},
		{"contacts", Inbound{Contacts: []ContactCard{{Name: "Ana", Phone: "+62811"}}}, `"contacts":[{"name":"Ana","phone":"+62811"}]`},
		{"reaction", Inbound{Reaction: &Reaction{MessageID: "wamid.x"}}, `"reaction":{"target_message_id":"wamid.x","emoji":""}`},
		{"button", Inbound{Button: &ButtonReply{"stop", "Stop"}}, `"button":{"payload":"stop","text":"Stop"}`},
		{"interactive", Inbound{Interactive: &InteractiveReply{ID: "y", Title: "Yes"}}, `"interactive":{"type":"button_reply","id":"y","title":"Yes"}`},
		{"interactive", Inbound{Interactive: &InteractiveReply{"list_reply", "1", "Rice", "white"}}, `{"type":"list_reply","id":"1","title":"Rice","description":"white"}`},
		{"order", Inbound{Type: "order", Object: json.RawMessage(`{"catalog_id":"1"}`)}, `"type":"order"`},
		{"system", Inbound{Type: "system"}, `"type":"system"`},
		{"unsupported", Inbound{Type: "unsupported"}, `"type":"unsupported"`},
		{"request_welcome", Inbound{Type: "request_welcome"}, `"type":"request_welcome"`},
		{"edit", Inbound{Edits: "wamid.x", Text: "new"}, `"type":"edit"`},
		{"revoke", Inbound{Revokes: "wamid.x"}, `"type":"revoke"`},
	}
	for _, tt := range tests {
		t.Run(tt.kind, func(t *testing.T) {
			t.Parallel()
			s, _ := inMemory(t)
			tt.in.From = customer
			in := s.Receive(tt.in)
			r := do(t, s, "GET", messagesPath(s)+"/"+in.ID, "")
			wantStatus(t, r, 200, "")
			if in.Type != tt.kind || r.data["type"] != tt.kind || !strings.Contains(r.body, tt.want) {
				t.Errorf("type %q: %s", in.Type, r.body)
			}
			want := 200
			if slices.Contains([]string{"system", "request_welcome", "edit", "revoke"}, tt.kind) {
				want = 422 // the customer said nothing
			}
			if sent := post(t, s, textBody); sent.status != want {
				t.Errorf("a free-form send: %d", sent.status)
			}
		})
	}
}

func TestEditsAndRevokesChangeTheMessageTheyName(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	text := s.Receive(Inbound{From: customer, Text: "tee"})
	photo := s.Receive(Inbound{From: customer, Media: &Media{Data: []byte("x"), ContentType: "image/png"}})
	content := func(id string) any { return do(t, s, "GET", messagesPath(s)+"/"+id, "").data["content"] }
	s.Receive(Inbound{From: "+628000000000", Text: "not mine", Edits: text.WAMID})
	if content(text.ID) != "tee" {
		t.Error("another customer changed the message")
	}
	s.Receive(Inbound{From: customer, Text: "tea", Edits: text.WAMID})
	if content(text.ID) != "tea" {
		t.Error("the edit did nothing")
	}
	s.Receive(Inbound{From: customer, Revokes: text.WAMID})
	s.Receive(Inbound{From: customer, Revokes: photo.WAMID})
	if content(text.ID) != nil {
		t.Error("the revoke did nothing")
	}
	wantStatus(t, do(t, s, "GET", messagesPath(s)+"/"+photo.ID+"/media", ""), 404, unknown)
}

func TestWhatATestHandsOverIsCopied(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	in := Inbound{From: customer, Media: &Media{Data: []byte("x")}, Location: &Location{Name: "a"}}
	in.ID = s.Receive(in).ID // a second one with the same id replaces the first
	id := s.Receive(in).ID
	in.Media.Data[0], in.Location.Name = 'y', "b"
	r := unfollowed(t, s, messagesPath(s)+"/"+id+"/media")
	if file := do(t, s, "GET", pathOf(t, r), ""); file.body != "x" || strings.Contains(r.body, `"b"`) {
		t.Errorf("%q", file.body)
	}
	if got := list(t, s, messagesPath(s)); len(got.Data) != 1 || len(s.state.media.order) != 1 {
		t.Errorf("%v, %d files", got.Data, len(s.state.media.order))
	}
}

func TestMediaIsServedByAnotherHostWithoutKey(t *testing.T) {
	t.Parallel()
	s, clock := inMemory(t)
	in := s.Receive(Inbound{From: customer, Media: &Media{
		Data: []byte("%PDF"), ContentType: "application/pdf", Filename: "in/voice é.pdf", Delay: time.Minute,
	}})
	path := messagesPath(s) + "/" + in.ID + "/media"
	wantStatus(t, unfollowed(t, s, path), 404, unknown)
	clock.Advance(time.Minute)
	r := unfollowed(t, s, path)
	if r.status != 302 || r.header.Get("X-Request-Id") == "" || r.header.Get("X-RateLimit-Limit") == "" {
		t.Fatalf("%d %v", r.status, r.header)
	}
	file := do(t, s, "GET", pathOf(t, r), "", func(r *http.Request) { r.Header.Del("Authorization") })
	if file.status != 200 || file.body != "%PDF" || file.header.Get("Content-Type") != "application/pdf" ||
		!strings.Contains(file.header.Get("Content-Disposition"), "utf-8''in%2Fvoice%20%C3%A9.pdf") || file.header.Get("X-RateLimit-Limit") != "" {
		t.Errorf("%d %q %v", file.status, file.body, file.header)
	}
	if got := do(t, s, "GET", messagesPath(s)+"/"+in.ID, "").data["media_url"]; got != r.header.Get("Location") {
		t.Errorf("media_url %v", got)
	}
	if got := do(t, s, "GET", "/media/unknown/file", ""); got.status != 404 {
		t.Errorf("%d", got.status)
	}
}

func TestMessagesWithoutAFileHaveNone(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	media := func(id string) result { return unfollowed(t, s, messagesPath(s)+"/"+id+"/media") }
	wantStatus(t, media(s.Receive(Inbound{From: customer, Text: "hi"}).ID), 404, unknown)
	wantStatus(t, media(s.Receive(Inbound{From: customer, Media: &Media{Delay: -1}}).ID), 404, unknown)
	wantStatus(t, media("msg_01HXYZABCDEFGHJKMNPQRSTVWX"), 404, unknown)
	wantStatus(t, media(post(t, s, textBody).data["id"].(string)), 404, unknown)
	image := post(t, s, `{"messaging_product":"whatsapp","to":"+628123456789","type":"image","image":{"link":"https://example.com/a.png"}}`)
	if got := media(image.data["id"].(string)); got.header.Get("Location") != "https://example.com/a.png" {
		t.Errorf("%v", got.header)
	}
}

func TestTheOldestFilesAreForgottenFirst(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t, WithLimits(Limits{MediaBytes: 10, Messages: 3}))
	var ids []string
	for range 4 {
		ids = append(ids, s.Receive(Inbound{From: customer, Media: &Media{Data: make([]byte, 4), Filename: ".."}}).ID)
	}
	for i, want := range []int{404, 404, 302, 302} {
		if r := unfollowed(t, s, messagesPath(s)+"/"+ids[i]+"/media"); r.status != want {
			t.Errorf("file %d: %d", i, r.status)
		}
	}
	for range 3 {
		s.Receive(Inbound{From: customer})
	}
	if m := &s.state.media; m.size != 0 || len(m.order) != 0 || len(m.byToken) != 0 {
		t.Errorf("%d bytes are left of forgotten messages", m.size)
	}
}

// unfollowed is a GET that does not follow a redirect.
func unfollowed(t testing.TB, s *Server, path string) result {
	t.Helper()
	hc := &http.Client{Transport: s.Transport(), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := tryWith(t.Context(), hc, s, "GET", path, "")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// pathOf is where a redirect leads, on the sandbox itself.
func pathOf(t testing.TB, r result) string {
	t.Helper()
	rest, found := strings.CutPrefix(r.header.Get("Location"), "http://127.0.0.1/")
	if !found {
		t.Fatalf("Location %q", r.header.Get("Location"))
	}
	return "/" + rest
}
