// Package flows is the data endpoint of WhatsApp Flows: the [http.Handler] that
// decides, for each step that a user takes, which screen comes next and what it
// shows. It does not matter which system sends the message that opens the flow.
//
// A whole endpoint:
//
//	package main
//
//	import (
//		"context"
//		"crypto/rsa"
//		"log"
//		"net/http"
//		"os"
//
//		"github.com/kirim-go/kirim/flows"
//	)
//
//	func main() {
//		key, err := flows.ParsePrivateKey([]byte(os.Getenv("FLOWS_PRIVATE_KEY")))
//		if err != nil {
//			log.Fatal(err)
//		}
//		handler, err := flows.NewHandler([]*rsa.PrivateKey{key}, exchange, flows.WithAppSecrets(os.Getenv("META_APP_SECRET")))
//		if err != nil {
//			log.Fatal(err)
//		}
//		http.Handle("POST /flows", handler)
//		log.Fatal(http.ListenAndServe(":8080", nil)) // behind a proxy that has https
//	}
//
//	func exchange(ctx context.Context, r *flows.Request) (*flows.Response, error) {
//		if r.Action == flows.ActionInit {
//			return flows.Next("APPOINTMENT", map[string]any{"dates": []string{"2026-12-01", "2026-12-02"}}), nil
//		}
//		var in struct {
//			Date string `json:"date"`
//		}
//		if err := r.Decode(&in); err != nil {
//			return nil, err
//		}
//		return flows.Close(map[string]any{"date": in.Date}), nil
//	}
//
// The handler checks the signature, decrypts the request, responds to health checks and
// acknowledges error notifications by itself, and encrypts what exchange returns.
//
// # Keys
//
// A request is encrypted for the public key that you uploaded for the phone
// number: make a key pair with openssl, hand [PublicKeyPEM] to Meta and the private
// key to [NewHandler]. Phones keep the old public key for a while after you upload
// a new one, so give both private keys while you rotate them. [Request.KeyIndex]
// says which of them a request needed.
//
// # Statuses
//
//	decrypted and handled                                200
//	body or what was decrypted is not a request          400
//	a method that is not POST                            405
//	body too large                                       413
//	cannot be decrypted: the phone fetches the key again 421
//	the flow token is no longer valid: ErrTokenInvalid   427
//	signature missing or wrong                           432
//	the callback failed, panicked or returned nothing    500
//
// Only the body of a 200 and of a 427 says something, and both are encrypted.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/guides/implementingyourflowendpoint,
// https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/reference/error-codes
package flows
