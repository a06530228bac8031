package kirim

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/kirim-go/kirim/internal/jsonscan"
)

// entry reads one of Meta's entries: an account and what changed there.
func (d *eventDecoder) entry() {
	first := len(d.event.Data)
	account := ""
	var told time.Time
	for name := range d.Fields() {
		switch string(name) {
		case "id":
			account = d.Text()
		case "time":
			told = readTime(&d.Reader)
		case "changes":
			for range d.Elements() {
				d.change()
			}
		}
	}
	for _, data := range d.event.Data[first:] {
		switch data := data.(type) {
		case *InboundMessage:
			data.BusinessAccountID = account
		case *StatusUpdate:
			data.BusinessAccountID = account
		case *PaymentUpdate:
			data.BusinessAccountID = account
		case *AccountError:
			data.BusinessAccountID = account
		case *UnknownData:
			data.BusinessAccountID = account
		case metaChange:
			c := data.change()
			c.BusinessAccountID = account
			if c.Time.IsZero() {
				c.Time = told
			}
			for _, m := range messagesOf(data) {
				m.BusinessAccountID = account
			}
		}
	}
}

// change reads a field that changed. Its name, which decides how the value is
// to be read, usually comes after the value.
func (d *eventDecoder) change() {
	d.Peek()
	start := d.Pos()
	field := "messages"
	var value json.RawMessage
	before := len(d.event.Data)
	v := changeValue{}
	for name := range d.Fields() {
		switch string(name) {
		case "field":
			field = d.Intern("messages")
		case "value":
			d.Peek()
			from := d.Pos()
			d.event.Data = d.event.Data[:before]
			v = changeValue{}
			d.value(&v)
			value = d.Since(from)
		}
	}
	if value == nil {
		value = d.Since(start)
	}
	if field != "messages" {
		d.event.Data = append(d.event.Data[:before], decodeField(field, value, &v)...)
		d.event.Data = append(d.event.Data, v.problems(field)...)
	}
	if len(d.event.Data) == before {
		d.event.Data = append(d.event.Data, &UnknownData{Field: field, Raw: value})
	}
	d.event.Data = append(d.event.Data[:before], v.giveErrors(d.event.Data[before:])...)
	v.assign(field, d.event.Data[before:])
}

// changeValue is what the elements of a change have in common.
type changeValue struct {
	phoneNumberID, displayPhoneNumber string
	people                            []Person
	errors                            []EventError
	oddErrors                         []json.RawMessage // that are no objects
}

// problems returns the errors of a change of a field that is not messages, as
// elements of their own.
func (v *changeValue) problems(field string) (elements []EventData) {
	for _, e := range v.errors {
		elements = append(elements, &AccountError{EventError: e})
	}
	for _, raw := range v.oddErrors {
		elements = append(elements, &UnknownData{Field: field, Raw: raw})
	}
	return elements
}

func (d *eventDecoder) value(v *changeValue) {
	for name := range d.Fields() {
		switch string(name) {
		case "metadata":
			for name := range d.Fields() {
				switch string(name) {
				case "phone_number_id":
					v.phoneNumberID = d.Text()
				case "display_phone_number":
					v.displayPhoneNumber = digitsOf(d.Text())
				}
			}
		case "contacts":
			for range d.Elements() {
				v.people = append(v.people, readPerson(&d.Reader))
			}
		case "messages":
			for range d.Elements() {
				d.event.Data = append(d.event.Data, d.inboundMessage())
			}
		case "statuses":
			for range d.Elements() {
				d.event.Data = append(d.event.Data, d.statusUpdate())
			}
		case "errors":
			for range d.Elements() {
				element := d.accountError()
				switch e := element.(type) {
				case *AccountError:
					v.errors = append(v.errors, e.EventError)
				case *UnknownData:
					v.oddErrors = append(v.oddErrors, e.Raw)
				}
				d.event.Data = append(d.event.Data, element)
			}
		}
	}
}

// inboundMessage reads an element of "messages".
func (d *eventDecoder) inboundMessage() EventData {
	if d.Peek() != '{' {
		return d.unknownElement()
	}
	m := &InboundMessage{}
	readMessage(&d.Reader, m)
	return m
}

// statusUpdate reads an element of "statuses", which also reports payments.
func (d *eventDecoder) statusUpdate() EventData {
	if d.Peek() != '{' {
		return d.unknownElement()
	}
	s := &StatusUpdate{}
	switch strings.ToLower(readStatus(&d.Reader, s)) {
	case "", "message":
		return s
	case "payment":
		return s.payment()
	}
	// The status of a newer kind of object, not of a message.
	return &UnknownData{Field: string(eventMessages), Raw: s.Raw}
}

// accountError reads an element of "errors".
func (d *eventDecoder) accountError() EventData {
	if d.Peek() != '{' {
		return d.unknownElement()
	}
	return &AccountError{EventError: readEventError(&d.Reader)}
}

func (d *eventDecoder) unknownElement() EventData {
	return &UnknownData{Field: string(eventMessages), Raw: d.Skip()}
}

// giveErrors moves the errors of a change to its message when it has exactly
// one: they are about that, and an account's error would not say so.
func (v *changeValue) giveErrors(elements []EventData) []EventData {
	if len(v.errors) == 0 {
		return elements
	}
	var messages []*InboundMessage
	for _, data := range elements {
		messages = append(messages, messagesOf(data)...)
	}
	if len(messages) != 1 {
		return elements
	}
	m := messages[0]
	for _, e := range v.errors {
		if !slices.ContainsFunc(m.Errors, func(own EventError) bool { return bytes.Equal(own.Raw, e.Raw) }) {
			m.Errors = append(m.Errors, e)
		}
	}
	return slices.DeleteFunc(elements, func(data EventData) bool {
		_, moved := data.(*AccountError)
		return moved
	})
}

// assign gives the elements what the change says about all of them.
func (v *changeValue) assign(field string, elements []EventData) {
	alone := len(elements) == 1 && len(v.people) == 1
	for _, data := range elements {
		switch data := data.(type) {
		case *InboundMessage:
			v.describe(&data.From, alone && data.Type != MessageTypeSystem)
			v.assignTo(data)
		case *StatusUpdate:
			data.PhoneNumberID, data.DisplayPhoneNumber = v.phoneNumberID, v.displayPhoneNumber
			v.describe(&data.Recipient, alone && data.GroupID == "")
		case *PaymentUpdate:
			data.PhoneNumberID, data.DisplayPhoneNumber = v.phoneNumberID, v.displayPhoneNumber
			v.describe(&data.Payer, alone)
		case *AccountError:
			data.field, data.PhoneNumberID, data.DisplayPhoneNumber = field, v.phoneNumberID, v.displayPhoneNumber
		case *UnknownData:
			data.PhoneNumberID = v.phoneNumberID
		case metaChange:
			c := data.change()
			c.PhoneNumberID = v.phoneNumberID
			if c.Field == "" {
				c.Field = eventType(field)
			}
			if v.displayPhoneNumber != "" {
				c.DisplayPhoneNumber = v.displayPhoneNumber
			}
			for _, m := range messagesOf(data) {
				v.assignTo(m)
			}
		}
	}
}

func (v *changeValue) assignTo(m *InboundMessage) {
	m.PhoneNumberID, m.DisplayPhoneNumber = v.phoneNumberID, v.displayPhoneNumber
	for edit := m.Edit; edit != nil && edit.Message != nil; edit = edit.Message.Edit {
		edit.Message.From, edit.Message.GroupID = m.From, m.GroupID
		edit.Message.PhoneNumberID, edit.Message.DisplayPhoneNumber = m.PhoneNumberID, m.DisplayPhoneNumber
	}
}

// decodeFlatMessage reads the message of the shape that some of the vendor's
// pages show, {"message": {…}}, with Kirim's names of fields or Meta's. All
// of it is assumed from the description of received messages.
//
// Docs: https://developers.kirim.chat/sending/receive-messages/
func decodeFlatMessage(e *Event, raw json.RawMessage) EventData {
	var wire struct {
		PhoneNumberID string          `json:"phone_number_id"`
		Message       json.RawMessage `json:"message"`
	}
	if json.Unmarshal(raw, &wire) != nil || len(wire.Message) == 0 || wire.Message[0] != '{' {
		return nil
	}
	r := jsonscan.New(wire.Message)
	if e.Type == EventMessageStatus {
		s := &StatusUpdate{PhoneNumberID: wire.PhoneNumberID}
		readStatus(r, s)
		return s
	}
	m := &InboundMessage{PhoneNumberID: wire.PhoneNumberID}
	readMessage(r, m)
	flat := flatMessage{media: &InboundMedia{}}
	flat.read(jsonscan.New(wire.Message))
	if flat.wamid != "" {
		m.ID = flat.wamid
	}
	if flat.phoneNumberID != "" {
		m.PhoneNumberID = flat.phoneNumberID
	}
	if m.Time.IsZero() {
		m.Time = flat.createdAt
	}
	if m.Text == "" && m.Type == MessageTypeText {
		m.Text = flat.content
	}
	if *flat.media != (InboundMedia{}) && *m.GetMedia() == (InboundMedia{}) {
		m.Media = flat.media
	}
	return m
}

// flatMessage is what Kirim's own description of a message has beside, or in
// other places than, Meta's.
type flatMessage struct {
	wamid, phoneNumberID, content string
	createdAt                     time.Time
	media                         *InboundMedia
}

func (f *flatMessage) read(r *jsonscan.Reader) {
	for name := range r.Fields() {
		switch string(name) {
		case "message_id":
			f.wamid = r.Text()
		case "phone_number_id":
			f.phoneNumberID = r.Text()
		case "whatsapp_account":
			f.phoneNumberID = r.Member("phone_number_id")
		case "content":
			f.content = r.Text()
		case "created_at":
			f.createdAt = readTime(r)
		case "media_url":
			f.media.URL = r.Text()
		case "mime_type":
			f.media.MIMEType = r.Text()
		case "caption":
			f.media.Caption = r.Text()
		case "filename":
			f.media.Filename = r.Text()
		}
	}
}

// decodeField reads the value of a change of a field that is not messages.
// It returns nothing when the field or the shape of the value is unknown. The
// errors that it leaves in v become elements of their own.
func decodeField(field string, value json.RawMessage, v *changeValue) []EventData {
	r := jsonscan.New(value)
	switch eventType(field) {
	case EventGroupLifecycle, EventGroupParticipants, EventGroupSettings, EventGroupStatus:
		return readListed(r, field, map[string]elementReader{"groups": element(readGroupUpdate)})
	case EventCalls:
		return decodeCalls(r, v)
	case EventMessageEchoes:
		data := readListed(r, field, map[string]elementReader{"message_echoes": element(readMessageEcho)})
		for _, d := range data {
			if e, ok := d.(*MessageEcho); ok {
				v.describe(&e.To, len(data) == 1 && len(v.people) == 1)
			}
		}
		return data
	case EventHistory:
		return decodeHistory(r, v)
	case EventUserPreferences:
		data := readListed(r, field, map[string]elementReader{"user_preferences": element(readUserPreference)})
		for _, d := range data {
			if p, ok := d.(*UserPreference); ok {
				v.describe(&p.User, len(data) == 1 && len(v.people) == 1)
			}
		}
		return data
	case EventAccountUpdate:
		return readWhole(r, element(readAccountUpdate))
	case EventPhoneNumberQuality:
		return readWhole(r, element(readPhoneNumberQuality))
	case EventTemplateStatus:
		// Meta's own sample has the quality under this name.
		if jsonscan.New(value).Member("new_quality_score") == "" {
			return readWhole(r, element(readTemplateStatus))
		}
		return readWhole(r, element(func(r *jsonscan.Reader, t *TemplateQualityUpdate) {
			t.Field = EventTemplateQuality
			readTemplateQuality(r, t)
		}))
	case EventTemplateQuality:
		return readWhole(r, element(readTemplateQuality))
	default:
		v.errors, v.oddErrors = nil, nil // whatever they are, they stay in the value
		return nil
	}
}

// describe completes a person from the list of those that the change is
// about. Somebody without number and id can only be the one who is listed.
func (v *changeValue) describe(p *Person, alone bool) {
	for _, known := range v.people {
		if p.Phone != "" && p.Phone == known.UserID {
			p.Phone, p.UserID = "", known.UserID
		}
		same := p.UserID != "" && p.UserID == known.UserID ||
			p.Phone != "" && (p.Phone == known.WAID || p.Phone == known.Phone)
		if !same && !alone {
			continue
		}
		if p.UserID == "" {
			p.UserID = known.UserID
		}
		if p.ParentUserID == "" {
			p.ParentUserID = known.ParentUserID
		}
		if p.IdentityKeyHash == "" {
			p.IdentityKeyHash = known.IdentityKeyHash
		}
		p.WAID, p.Name, p.Username, p.CountryCode = known.WAID, known.Name, known.Username, known.CountryCode
		p.settle()
		return
	}
}
