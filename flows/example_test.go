package flows_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"log"
	"net/http/httptest"
	"strings"

	"github.com/kirim-go/kirim/flows"
)

// A flow with one screen, on which the user chooses a date.
func ExampleNewHandler() {
	// Yours comes from flows.ParsePrivateKey, and its public half is known to Meta.
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		log.Fatal(err)
	}
	free := map[string]any{"dates": []string{"2026-12-02", "2026-12-03"}}
	exchange := func(_ context.Context, r *flows.Request) (*flows.Response, error) {
		switch {
		case r.FlowToken == "used":
			return nil, flows.TokenInvalid("You have an appointment already.")
		case r.Action != flows.ActionDataExchange:
			return flows.Next("APPOINTMENT", free), nil
		}
		var in struct {
			Date string `json:"date"`
		}
		if err := r.Decode(&in); err != nil {
			return nil, err
		}
		if in.Date == "2026-12-01" {
			return flows.Next("APPOINTMENT", free).WithErrorMessage("This date is taken."), nil
		}
		return flows.Close(map[string]any{"date": in.Date}), nil
	}
	handler, err := flows.NewHandler([]*rsa.PrivateKey{key}, exchange, flows.WithAppSecrets("app-secret"))
	if err != nil {
		log.Fatal(err)
	}

	// What WhatsApp sends, and what it makes of the response.
	for _, payload := range []string{
		`{"action":"ping"}`,
		`{"action":"INIT","flow_token":"t-1"}`,
		`{"action":"data_exchange","screen":"APPOINTMENT","data":{"date":"2026-12-01"},"flow_token":"t-1"}`,
		`{"action":"data_exchange","screen":"APPOINTMENT","data":{"date":"2026-12-02"},"flow_token":"t-1"}`,
		`{"action":"INIT","flow_token":"used"}`,
	} {
		phone := newPhone(&key.PublicKey)
		body := phone.seal(payload).String()
		r := httptest.NewRequest("POST", "/flows", strings.NewReader(body))
		r.Header.Set("X-Hub-Signature-256", sign("app-secret", body))
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(w.Code, phone.open(w.Body.String()))
	}
	// Output:
	// 200 {"data":{"status":"active"}}
	// 200 {"screen":"APPOINTMENT","data":{"dates":["2026-12-02","2026-12-03"]}}
	// 200 {"screen":"APPOINTMENT","data":{"dates":["2026-12-02","2026-12-03"],"error_message":"This date is taken."}}
	// 200 {"screen":"SUCCESS","data":{"extension_message_response":{"params":{"date":"2026-12-02","flow_token":"t-1"}}}}
	// 427 {"error_msg":"You have an appointment already."}
}
