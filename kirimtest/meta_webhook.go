package kirimtest

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The fields of Meta's webhooks that the sandbox has.
const (
	fieldMessages       = "messages"
	fieldTemplateStatus = "message_template_status_update"
)

var metaFields = []string{fieldMessages, fieldTemplateStatus}

// metaDelays are the waits between the attempts of a delivery of Meta's; the last
// one stays. Only that they grow, for up to seven days, is documented.
var metaDelays = []time.Duration{
	10 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 12 * time.Hour, day,
}

// metaLifetime is for how long a delivery is attempted.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview
const metaLifetime = 7 * day

// SubscribeMeta delivers webhooks in Meta's own form to address: the fields named,
// "messages" and "message_template_status_update", or both when none is. As Meta
// does, it first asks for a challenge, with [Server.VerifyToken]; a receiver that
// does not return it is an error. The same address again replaces its fields. Deliveries are signed with [Server.AppSecret]
// in X-Hub-Signature-256, and attempted for seven days until the response is a 200.
//
// They tell of all messages of the account, also of those that were sent
// through Kirim's paths.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint
func (s *Server) SubscribeMeta(address string, fields ...string) error {
	return s.subscribeMeta(context.Background(), address, s.VerifyToken, fields)
}

func (s *Server) subscribeMeta(ctx context.Context, address, verifyToken string, fields []string) error {
	if len(fields) == 0 {
		fields = metaFields
	}
	for _, field := range fields {
		if !slices.Contains(metaFields, field) {
			return fmt.Errorf("kirimtest: SubscribeMeta: want the fields %s, got another one", strings.Join(metaFields, " and "))
		}
	}
	if err := s.challenge(ctx, address, verifyToken); err != nil {
		return err
	}
	st := &s.state
	st.mu.Lock()
	defer st.mu.Unlock()
	st.meta.hooks = slices.DeleteFunc(st.meta.hooks, func(old *subscription) bool { return old.url == address })
	st.meta.hooks = append(st.meta.hooks, &subscription{
		head: st.newHead("hook_", s.cfg.clock.Now()), url: address, events: slices.Clone(fields), status: SubscriptionActive, meta: true,
	})
	return nil
}

// challenge checks that the receiver at an address is ours.
func (s *Server) challenge(ctx context.Context, address, verifyToken string) error {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("kirimtest: SubscribeMeta: want an absolute http or https URL, got another")
	}
	challenge := strconv.FormatInt(s.cfg.clock.Now().UnixNano(), 10)
	q := u.Query()
	q.Set("hub.mode", "subscribe")
	q.Set("hub.verify_token", verifyToken)
	q.Set("hub.challenge", challenge)
	u.RawQuery = q.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return errors.New("kirimtest: SubscribeMeta: the URL cannot be asked for a challenge")
	}
	resp, err := s.webhooks.Do(req)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err // without the verify token, which is in the URL
		}
		return fmt.Errorf("kirimtest: SubscribeMeta: no response to the challenge: %w", err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	if resp.StatusCode != http.StatusOK || string(body) != challenge {
		return fmt.Errorf("kirimtest: SubscribeMeta: want a 200 with the challenge, got a %d with %d bytes", resp.StatusCode, len(body))
	}
	return nil
}

// emitChange delivers a change to every hook that asks for its field. state.mu is
// held.
func (s *Server) emitChange(field string, value any) {
	if !s.state.meta.wanted(field) {
		return
	}
	ev := &event{name: field, source: sourceMeta, body: s.metaBody(field, value), direct: true}
	for _, hook := range s.state.meta.hooks {
		if hook.wants(field) {
			s.enqueue(hook, ev, "", s.cfg.clock.Now())
		}
	}
}

// emitMetaStatus reports a status of a message, as Meta tells it. state.mu is
// held.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/status
func (s *Server) emitMetaStatus(m *Message, status Status) {
	if !s.state.meta.wanted(fieldMessages) {
		return
	}
	element := map[string]any{"id": m.WAMID, "status": status.Name, "timestamp": unixSeconds(m.Time.Add(status.After))}
	who := make(map[string]any)
	if m.Group {
		element["recipient_type"], element["recipient_id"] = "group", m.To
	} else if number := digits(m.To); number != "" {
		element["recipient_id"], who["wa_id"] = number, number
	}
	userID := m.Recipient
	if ct := s.state.chats[chatID{m.PhoneNumberID, digits(m.To)}]; ct != nil && userID == "" {
		userID = ct.userID
	}
	if userID != "" {
		element["recipient_user_id"], who["user_id"] = userID, userID
	}
	if data := m.content().CallbackData; data != "" {
		element["biz_opaque_callback_data"] = data
	}
	value := metaValue{Statuses: []any{element}}
	switch status.Name {
	case "failed":
		title := cmp.Or(metaErrors[status.Code].title, status.Title, "The message failed")
		failure := map[string]any{"code": status.Code, "title": title, "message": title,
			"href": "https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes"}
		if details := cmp.Or(status.Details, status.Title); details != "" {
			failure["error_data"] = map[string]any{"details": details}
		}
		element["errors"] = []any{failure}
	case "sent", "delivered":
		element["pricing"] = s.state.pricing(m)
	}
	if len(who) > 0 && status.Name != "failed" {
		value.Contacts = []any{who}
	}
	s.emitChange(fieldMessages, s.metaValue(m.PhoneNumberID, value))
}

// pricing is what a message costs. st.mu is held.
func (st *state) pricing(m *Message) map[string]any {
	category, kind := "service", "free_customer_service"
	if t := st.findTemplate(m.TemplateName, ""); t != nil && m.Type == "template" {
		category, kind = strings.ToLower(t.Category), "regular"
	}
	return map[string]any{"billable": kind == "regular", "pricing_model": "PMP", "type": kind, "category": category}
}

// emitTemplate reports the status of a template. state.mu is held.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/message_template_status_update
func (s *Server) emitTemplate(t *template) {
	id, _ := strconv.ParseInt(t.metaID(), 10, 64) // digits
	value := map[string]any{
		"event": strings.ToUpper(string(t.Status)), "message_template_id": id, "message_template_name": t.Name,
		"message_template_language": t.Language, "message_template_category": t.Category, "reason": t.rejection(),
	}
	s.emitChange(fieldTemplateStatus, value)
}

// metaHookHeader is the header of a delivery of Meta's.
func (s *Server) metaHookHeader(body []byte) http.Header {
	mac := hmac.New(sha256.New, []byte(s.AppSecret))
	mac.Write(body)
	return http.Header{
		"Content-Type":        {"application/json"},
		"User-Agent":          {"facebookexternalua"},
		"X-Hub-Signature-256": {"sha256=" + hex.EncodeToString(mac.Sum(nil))},
	}
}

// concludeMeta decides how a delivery of Meta's goes on: on anything but a 200 it is
// attempted again. state.mu is held.
func (s *Server) concludeMeta(d *delivery, got attemptResult, now time.Time) {
	if d.lastError = got.failure; got.status == http.StatusOK {
		d.status = DeliverySucceeded
		return
	}
	next := now.Add(metaDelays[min(len(d.attempts), len(metaDelays))-1])
	if d.sub.ended() || next.Sub(d.created) > metaLifetime {
		d.status = DeliveryDead
		return
	}
	if _, kept := s.state.meta.deliveries.get(d.id); kept {
		s.schedule(d.job, next)
	}
}
