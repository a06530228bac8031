package michow_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway"
	"github.com/kirim-go/kirim/gateway/michow"
	"github.com/kirim-go/kirim/internal/testwire"
)

const testKey = "mw_TESTtestTESTtest"

// fake is a MichoW with five messages, two on a page.
func fake(w http.ResponseWriter, r *http.Request) {
	refuse := func(status int, code string) {
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"error":{"code":%q,"message":"No.","status":%d}}`, code, status)
	}
	if r.Header.Get("Authorization") != "Bearer "+testKey {
		refuse(401, "INVALID_API_KEY")
		return
	}
	message := func(id int) string {
		return fmt.Sprintf(`{"id":%d,"direction":"out","recipient":"26097","message_type":"chat","content":"Halo","whatsapp_message_id":"3EB0%d","status":"sent","created_at":"2026-03-08T10:30:00.000000Z"}`, id, id)
	}
	path := strings.TrimPrefix(r.URL.EscapedPath(), "/prefix/v1")
	switch r.Method + " " + path {
	case "POST /messages/text":
		var body struct{ To, Message string }
		json.NewDecoder(r.Body).Decode(&body)
		if body.To == "" || strings.Trim(body.To, "0123456789") != "" {
			w.WriteHeader(422)
			fmt.Fprint(w, `{"message":"to is wrong (1 more problem)","errors":{"to":["to is wrong","to is odd"],"message":["message is absent"]}}`)
			return
		}
		w.WriteHeader(201)
		fmt.Fprintf(w, `{"data":{"message_id":"3EB0","status":"sent","to":%q,"created_at":"2026-03-08T10:30:00+00:00"}}`, body.To)
	case "GET /messages", "GET /chats/26097@c.us/messages":
		page := map[string]int{"1": 1, "2": 2, "3": 3}[r.URL.Query().Get("page")]
		switch page {
		case 1, 2:
			fmt.Fprintf(w, `{"data":[%s,%s],"links":{"next":"https://x.example?page=%d"},"meta":{"current_page":%d}}`, message(2*page-1), message(2*page), page+1, page)
		case 3:
			fmt.Fprintf(w, `{"data":[%s],"links":{"next":null},"meta":{}}`, message(5))
		default:
			fmt.Fprint(w, `{"data":[],"links":{},"meta":{}}`)
		}
	case "GET /messages/5":
		fmt.Fprintf(w, `{"data":%s}`, message(5))
	default:
		refuse(404, "NOT_FOUND")
	}
}

func client(t *testing.T, wire *testwire.Wire) *michow.Client {
	t.Helper()
	c, err := michow.NewClient(testKey, wire.Options()...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func text(to string) kirim.OutboundMessage {
	return kirim.OutboundMessage{To: to, Content: kirim.Text{Body: "Halo"}}
}

func TestATextIsSentWithDigitsOnly(t *testing.T) {
	t.Parallel()
	wire := testwire.New(fake)
	accepted, err := client(t, wire).Send(t.Context(), text("+260971000000"))
	if err != nil || accepted.ID != "3EB0" || accepted.WAMID != "3EB0" || accepted.Status != "sent" {
		t.Fatalf("%+v, %v", accepted, err)
	}
	if got := wire.Requests()[0].Body; got != `{"to":"260971000000","message":"Halo"}` {
		t.Errorf("sent %s", got)
	}
}

func TestOnlyTextCanBeSent(t *testing.T) {
	t.Parallel()
	reply := text("+260971000000")
	reply.ReplyTo = "3EB0"
	for want, message := range map[string]kirim.OutboundMessage{
		"michow cannot send kirim.Image":           {To: "+260971000000", Content: kirim.Image{Link: "https://a.example"}},
		"michow cannot send kirim.Template":        {To: "+260971000000", Content: &kirim.Template{Name: "a", Language: "id"}},
		"michow cannot send kirim.Text as a reply": reply,
	} {
		wire := testwire.New(fake)
		if _, err := client(t, wire).Send(t.Context(), message); !errors.Is(err, errors.ErrUnsupported) || !errors.Is(err, kirim.KindInvalidRequest) || !strings.Contains(err.Error(), want) || len(wire.Requests()) != 0 {
			t.Errorf("%d requests, %v", len(wire.Requests()), err)
		}
	}
	for _, message := range []kirim.OutboundMessage{text("260971000000"), {To: "+260971000000"}} {
		wire := testwire.New(fake)
		if _, err := client(t, wire).Send(t.Context(), message); !errors.Is(err, kirim.KindInvalidRequest) || len(wire.Requests()) != 0 {
			t.Errorf("%d requests, %v", len(wire.Requests()), err)
		}
	}
}

func TestAFieldListIsAnInvalidRequestWithoutACode(t *testing.T) {
	t.Parallel()
	body := `{"message":"to is wrong (1 more problem)","errors":{"to":["to is wrong","to is odd"],"message":["message is absent"]}}`
	_, err := client(t, testwire.Answering(422, body)).Send(t.Context(), text("+260971000000"))
	var e *kirim.Error
	if !errors.As(err, &e) || e.Code != "" || e.Kind != kirim.KindInvalidRequest || e.Param != "to" || e.Message != "to is wrong (1 more problem)" {
		t.Fatalf("%#v", err)
	}
	fields := gateway.FieldErrors(fmt.Errorf("send: %w", err))
	if len(fields) != 2 || fields[0].Field != "to" || len(fields[0].Messages) != 2 || fields[1].Field != "message" {
		t.Errorf("fields are %v", fields)
	}
	if fields := gateway.FieldErrors(errors.New("other")); fields != nil {
		t.Errorf("fields are %v", fields)
	}
}

func TestADamagedEnvelopeIsReadAsMichoWsAllTheSame(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]kirim.Kind{
		`{"error":{"code":"UNAUTHORIZED","message":"m"}}`:              kirim.KindAuthMissing, // ShingleAI's would be AuthInvalid
		`{"error":{"code":"INSUFFICIENT_PERMISSIONS","message":"m"}}`:  kirim.KindAuthInvalid, // not MichoW's: by status
		`{"error":{"type":"api_error","code":"NO_SESSION"}}`:           kirim.KindNotConnected,
		`{"success":false,"error":{"code":"SEND_FAILED"}}`:             kirim.KindSendFailed,
		`{"code":"SESSION_NOT_CONNECTED","message":"m"}`:               kirim.KindNotConnected,
		`{"message":"Unauthenticated."}`:                               kirim.KindAuthInvalid,
		`{"error":{"code":"NEW","message":"order 131047","status":1}}`: kirim.KindAuthInvalid,
		``: kirim.KindAuthInvalid,
	} {
		e := michow.DecodeError(401, nil, []byte(body))
		if e.Kind != want || e.MetaCode != 0 || e.StatusCode != 401 || e.Type != "" {
			t.Errorf("%s is read as %#v, want %s", body, e, want)
		}
	}
}

func TestMessagesAreRead(t *testing.T) {
	t.Parallel()
	wire := testwire.New(fake)
	c := client(t, wire)
	m, err := c.Get(t.Context(), "5")
	if err != nil || m.ID != "5" || m.WhatsAppID != "3EB05" || m.CreatedAt.Year() != 2026 || m.Content != "Halo" {
		t.Fatalf("%+v, %v", m, err)
	}
	if _, err := c.Get(t.Context(), "6"); !kirim.IsNotFound(err) {
		t.Errorf("an absent message: %v", err)
	}
	fromMe := false
	page, err := c.List(t.Context(), michow.MessageListParams{Page: 3, ChatID: "a b", FromMe: &fromMe, Type: "chat"})
	if err != nil || len(page.Messages) != 1 || page.HasMore {
		t.Errorf("%+v, %v", page, err)
	}
	if got := wire.Requests()[2].URL; !strings.HasSuffix(got, "/messages?chat_id=a+b&from_me=false&page=3&type=chat") {
		t.Errorf("asked for %s", got)
	}
}

func TestAllGoesThroughThePages(t *testing.T) {
	t.Parallel()
	wire := testwire.New(fake)
	c := client(t, wire)
	var ids []string
	for m, err := range c.All(t.Context(), michow.MessageListParams{}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, m.ID.String())
	}
	for m, err := range c.AllChat(t.Context(), "26097@c.us", michow.ChatListParams{Page: 2}) {
		if err != nil {
			t.Fatal(err)
		}
		if ids = append(ids, m.ID.String()); m.ID == "4" {
			break
		}
	}
	if !slices.Equal(ids, []string{"1", "2", "3", "4", "5", "3", "4"}) || len(wire.Requests()) != 4 {
		t.Errorf("%v in %d requests", ids, len(wire.Requests()))
	}
	if page, err := c.ListChat(t.Context(), "26097@c.us", michow.ChatListParams{Page: 1}); err != nil || !page.HasMore {
		t.Errorf("%+v, %v", page, err)
	}
	n := 0
	for m, err := range c.AllChat(t.Context(), "unknown", michow.ChatListParams{}) {
		if n++; !kirim.IsNotFound(err) || m.ID != "" {
			t.Errorf("%+v, %v", m, err)
		}
	}
	if n != 1 {
		t.Errorf("the error came %d times", n)
	}
}
