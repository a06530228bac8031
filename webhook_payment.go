package kirim

import (
	"context"
	"encoding/json"
	"time"

	"github.com/kirim-go/kirim/internal/jsonscan"
)

// PaymentUpdate reports the outcome of a payment that a message asked for. It
// says nothing about the delivery of that message. A refund comes as another
// update with the same status and another transaction.
//
// Meta sends it among the statuses of messages; whether Kirim passes it on is
// not documented.
//
// Docs: https://developers.facebook.com/docs/whatsapp/cloud-api/payments-api/payments-in/pg
type PaymentUpdate struct {
	ID                 string // of the message that asked for the payment, wamid.…
	Status             string // "pending", "captured", "failed" or another
	Time               time.Time
	BusinessAccountID  string // WhatsApp Business Account
	PhoneNumberID      string // number that sent the message
	DisplayPhoneNumber string // the same number, digits
	Payer              Person
	ReferenceID        string // of the order, as you gave it
	Amount             PaymentAmount
	Currency           string // ISO 4217
	Receipt            string
	Transaction        *PaymentTransaction // nil when unknown
	Errors             []EventError
	Raw                json.RawMessage
}

// PaymentAmount is an amount of money: Value divided by Offset. 1250 with the
// offset 100 is 12.50.
type PaymentAmount struct{ Value, Offset int64 }

// PaymentTransaction is an attempt to pay.
type PaymentTransaction struct {
	ID          string // of the payment gateway
	Type        string // the payment gateway, e.g. "razorpay"
	Status      string // "pending", "success", "failed" or another
	Method      string // "upi", "card" or another
	Amount      PaymentAmount
	Currency    string
	CreatedAt   time.Time
	UpdatedAt   time.Time
	ErrorCode   string // the payment gateway's
	ErrorReason string
	Refunds     []PaymentRefund
}

// PaymentRefund is money that was given back.
type PaymentRefund struct {
	ID        string
	Status    string // "pending", "success", "failed" or another
	Speed     string // "instant" or "normal"
	Amount    PaymentAmount
	CreatedAt time.Time
	UpdatedAt time.Time
}

// OnPayment sets the callback for what became of payments.
func (h *WebhookHandler) OnPayment(f func(context.Context, *PaymentUpdate) error) { onData(h, f) }

// dedupeKey tells a refund from the payment by the bytes: the other members
// may be the same.
func (p *PaymentUpdate) dedupeKey(e *Event) string {
	if p.ID == "" {
		return unnamedKey(e, "payment", p.Raw)
	}
	return elementKey("payment", p.ID, p.Status, p.ReferenceID) + ":" + hashOfBytes(p.Raw)
}

// payment makes a payment of what was read as a status.
func (s *StatusUpdate) payment() *PaymentUpdate {
	p := &PaymentUpdate{ID: s.ID, Status: string(s.Status), Time: s.Time, Payer: s.Recipient, Errors: s.Errors, Raw: s.Raw}
	r := jsonscan.New(s.Raw)
	for name := range r.Fields() {
		switch string(name) {
		case "payment":
			readPayment(r, p)
		case "from": // where other descriptions have the recipient
			if from := r.Text(); p.Payer == (Person{}) {
				p.Payer.address(from)
			}
		}
	}
	return p
}

func readPayment(r *jsonscan.Reader, p *PaymentUpdate) {
	for name := range r.Fields() {
		switch string(name) {
		case "reference_id":
			p.ReferenceID = r.Text()
		case "amount":
			p.Amount = readAmount(r)
		case "currency":
			p.Currency = r.Text()
		case "receipt":
			p.Receipt = r.Text()
		case "transaction":
			p.Transaction = jsonscan.Object(r, readTransaction)
		}
	}
}

func readAmount(r *jsonscan.Reader) (a PaymentAmount) {
	for name := range r.Fields() {
		switch string(name) {
		case "value":
			a.Value = r.Int()
		case "offset":
			a.Offset = r.Int()
		}
	}
	return a
}

func readTransaction(r *jsonscan.Reader, t *PaymentTransaction) {
	for name := range r.Fields() {
		switch string(name) {
		case "id":
			t.ID = r.Text()
		case "type":
			t.Type = r.Text()
		case "status":
			t.Status = r.Text()
		case "method":
			t.Method = r.Member("type")
		case "amount":
			t.Amount = readAmount(r)
		case "currency":
			t.Currency = r.Text()
		case "created_timestamp":
			t.CreatedAt = readTime(r)
		case "updated_timestamp":
			t.UpdatedAt = readTime(r)
		case "error":
			r.Texts(map[string]*string{"code": &t.ErrorCode, "reason": &t.ErrorReason})
		case "refunds":
			t.Refunds = jsonscan.Objects(r, readRefund)
		}
	}
}

func readRefund(r *jsonscan.Reader, f *PaymentRefund) {
	for name := range r.Fields() {
		switch string(name) {
		case "id":
			f.ID = r.Text()
		case "status":
			f.Status = r.Text()
		case "speed_processed":
			f.Speed = r.Text()
		case "amount":
			f.Amount = readAmount(r)
		case "created_timestamp":
			f.CreatedAt = readTime(r)
		case "updated_timestamp":
			f.UpdatedAt = readTime(r)
		}
	}
}
