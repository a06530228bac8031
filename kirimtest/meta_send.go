package kirimtest

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/kirim-go/kirim"
)

// separators are what Meta allows in a phone number, beside its plus.
var separators = strings.NewReplacer(" ", "", "-", "", "(", "", ")", "")

// postMetaMessage handles POST /{version}/{phone-number-id}/messages: a send, or a
// read receipt.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
func postMetaMessage(x *exchange, n PhoneNumber) *reply {
	o, err := x.object()
	if err != nil {
		return failed(asMetaParameter(err))
	}
	if _, isReceipt := o["status"]; isReceipt && o["type"] == nil {
		return metaReceipt(x, n, o)
	}
	return sendMeta(x, n, o)
}

// metaChecker checks messages as Meta's own API does.
func (x *exchange) metaChecker() *checker {
	as := x.s.cfg.assumptions
	as.DigitsOnlyTo = true
	return &checker{as: &as, meta: true, own: true}
}

func metaReceipt(x *exchange, n PhoneNumber, o map[string]any) *reply {
	v := x.metaChecker()
	v.oneOf(o, "", "messaging_product", "whatsapp")
	rep := markRead(x, n, v, o)
	switch {
	case rep.err == nil:
		return success()
	case rep.err.code == "resource_not_found": // it is the parameter that is wrong
		rep.err.code = "invalid_field_value"
	}
	return failed(asMeta(rep.err))
}

// postMarketingMessage handles POST /{version}/{phone-number-id}/marketing_messages,
// which takes templates for marketing alone.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/marketing-messages/send-marketing-messages
func postMarketingMessage(x *exchange, n PhoneNumber) *reply {
	o, err := x.object()
	if err != nil {
		return failed(asMetaParameter(err))
	}
	if kind, _ := o["type"].(string); kind != "template" {
		return failed(metaFail(131055, "Only templates can be sent as marketing messages."))
	}
	content, _ := o["template"].(map[string]any)
	name, _ := content["name"].(string)
	st := &x.s.state
	st.mu.Lock()
	t := st.findTemplate(name, "")
	other := t != nil && t.Category != "MARKETING"
	st.mu.Unlock()
	if other {
		return failed(metaFail(134100, "The template is not of the category marketing."))
	}
	return sendMeta(x, n, o)
}

func sendMeta(x *exchange, n PhoneNumber, o map[string]any) *reply {
	v := x.metaChecker()
	v.oneOf(o, "", "messaging_product", "whatsapp")
	read := maps.Clone(o)
	if to, isText := o["to"].(string); isText && o["recipient_type"] != kirim.RecipientGroup {
		read["to"] = separators.Replace(to)
	}
	m := v.send(read)
	switch {
	case v.err != nil:
		return failed(asMeta(v.err))
	case n.Status != connected:
		return failed(metaFail(133010, "The phone number is not registered."))
	case !x.s.hasMedia(o, m.kind, n):
		return failed(metaFail(131009, m.kind+".id: There is no such media."))
	}
	sent, err := x.s.accept(x, n, m)
	if err != nil {
		return failed(asMeta(err))
	}
	return &reply{status: http.StatusOK, data: mustJSON(x.s.metaAccepted(sent, o))}
}

// metaAccepted is the response to a send.
func (s *Server) metaAccepted(sent Message, o map[string]any) any {
	type contact struct {
		Input  string `json:"input"`
		WAID   string `json:"wa_id,omitempty"`
		UserID string `json:"user_id,omitempty"`
	}
	type message struct {
		ID      string `json:"id"`
		GroupID string `json:"group_id,omitempty"`
		Status  string `json:"message_status,omitempty"`
	}
	to, _ := o["to"].(string)
	who := contact{Input: cmp.Or(to, sent.Recipient), WAID: digits(sent.To), UserID: sent.Recipient}
	s.state.mu.Lock()
	if ct := s.state.chats[chatID{sent.PhoneNumberID, digits(sent.To)}]; ct != nil && sent.To != "" {
		who.UserID = ct.userID
	}
	s.state.mu.Unlock()
	what := message{ID: sent.WAMID}
	if sent.Group {
		what.GroupID = sent.To
	}
	if sent.Type == "template" {
		what.Status = "accepted"
	}
	return struct {
		MessagingProduct string    `json:"messaging_product"`
		Contacts         []contact `json:"contacts"`
		Messages         []message `json:"messages"`
	}{"whatsapp", []contact{who}, []message{what}}
}

// hasMedia reports whether the file exists that a message names by its id, if it
// names one. That Meta refuses others at once is assumed.
func (s *Server) hasMedia(o map[string]any, kind string, n PhoneNumber) bool {
	content, _ := o[kind].(map[string]any)
	id, _ := content["id"].(string)
	if id == "" || !slices.Contains([]string{"image", "video", "audio", "document", "sticker"}, kind) {
		return true
	}
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	return s.state.metaFile(id, n.ID, s.cfg.clock.Now()) != nil
}

// metaFailure is the status of a message that Meta fails to deliver.
func metaFailure(code int) Status {
	return Status{Name: "failed", After: refusalDelay, Code: code, Title: metaErrors[code].title}
}

// fieldsOf keeps the fields that the query asks for, and the id. Without any,
// all stay.
//
// Docs: https://developers.facebook.com/docs/graph-api/overview#fields
func (x *exchange) fieldsOf(object map[string]any) json.RawMessage {
	wanted := x.r.URL.Query().Get("fields")
	if wanted == "" {
		return mustJSON(object)
	}
	kept := map[string]any{"id": object["id"]}
	for name := range strings.SplitSeq(wanted, ",") {
		if value, found := object[strings.TrimSpace(name)]; found {
			kept[strings.TrimSpace(name)] = value
		}
	}
	return mustJSON(kept)
}
