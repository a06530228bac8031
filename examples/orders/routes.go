package main

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
)

func (s *shop) routes(hooks http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /orders", s.telemetry.around(http.HandlerFunc(s.postOrder)))
	mux.HandleFunc("GET /orders/{id}", s.getOrder)
	mux.HandleFunc("GET /metrics", s.metrics)
	mux.Handle(webhookPath, s.telemetry.around(hooks))
	if s.whatsApp.sandbox != nil {
		mux.HandleFunc("GET /customers/{phone}", s.customerReads)
		mux.HandleFunc("POST /customers/{phone}", s.customerWrites)
	}
	return mux
}

var e164 = regexp.MustCompile(`^\+[1-9]\d{6,14}$`)

func (s *shop) postOrder(w http.ResponseWriter, r *http.Request) {
	var o order
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&o); err != nil {
		http.Error(w, "the body is not JSON of an order: "+err.Error(), http.StatusBadRequest)
		return
	}
	if !e164.MatchString(o.Phone) || o.Item == "" {
		http.Error(w, "phone is a number such as +6281100000001, and item is not empty", http.StatusUnprocessableEntity)
		return
	}
	o, err := s.place(r.Context(), o.Phone, o.Item)
	if invalid, ok := errors.AsType[*kirim.ValidationError](err); ok { // the message has a limit that the order breaks
		http.Error(w, invalid.Error(), http.StatusUnprocessableEntity)
		return
	}
	respond(w, http.StatusCreated, o, err)
}

func (s *shop) getOrder(w http.ResponseWriter, r *http.Request) {
	o, err := s.get(r.Context(), r.PathValue("id"))
	if errors.Is(err, sql.ErrNoRows) {
		http.Error(w, "no such order", http.StatusNotFound)
		return
	}
	respond(w, http.StatusOK, o, err)
}

func respond(w http.ResponseWriter, status int, o order, err error) {
	if err != nil {
		respondUnavailable(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(o)
}

func respondUnavailable(w http.ResponseWriter, err error) {
	slog.Error("the database failed", "error", err)
	http.Error(w, "try again later", http.StatusServiceUnavailable)
}

// customerWrites plays a customer of the sandbox.
func (s *shop) customerWrites(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 4096))
	if phone := r.PathValue("phone"); err == nil && e164.MatchString(phone) {
		s.whatsApp.sandbox.Receive(kirimtest.Inbound{From: phone, Text: string(text)})
		return
	}
	http.Error(w, "the path ends with a number such as +6281100000001, and the body is a text", http.StatusBadRequest)
}

// customerReads shows what the sandbox has sent to a customer.
func (s *shop) customerReads(w http.ResponseWriter, r *http.Request) {
	for _, m := range s.whatsApp.sandbox.Messages() {
		if m.To == r.PathValue("phone") {
			fmt.Fprintf(w, "%s %s\n", m.Status, m.Body)
		}
	}
}

// usage says what to try.
func (s *shop) usage(url string) string {
	text := fmt.Sprintf(`
curl -d '{"phone":"+6281100000001","item":"Kopi Gayo"}' %s/orders
curl %[1]s/orders/ID     # the ID of the response: has the confirmation been delivered?
curl %[1]s/metrics
`, url)
	w := s.whatsApp
	if w.sandbox == nil {
		return text + fmt.Sprintf("\nHave message.received, message.sent and message.status delivered to %s.\nCtrl-C ends it.\n", url+webhookPath)
	}
	text += fmt.Sprintf(`curl -d 'Where is it?' %s/customers/+6281100000001     # writes as the customer
curl %[1]s/customers/+6281100000001                        # what the customer got
`, url)
	if s.db.name == "PostgreSQL" {
		text += fmt.Sprintf(`
A second process on the same DATABASE_URL, in another terminal:

export KIRIM_BASE_URL=%s KIRIM_API_KEY=%s KIRIM_PHONE_NUMBER_ID=%s KIRIM_WEBHOOK_SECRET=%s
ADDR=127.0.0.1:0 go run -C examples/orders .
`, w.sandbox.URL, w.sandbox.APIKey, w.phoneNumberID, w.webhookSecret)
	}
	return text + "\nCtrl-C ends it.\n"
}
