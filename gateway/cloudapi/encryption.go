package cloudapi

import (
	"context"
	"net/http"

	"github.com/kirim-go/kirim"
)

// PublicKeyService reads and sets the key that phones encrypt the data of flows for.
type PublicKeyService struct{ number *PhoneNumber }

// PublicKey returns the service for the key of the number. Package flows has the
// other half of it.
func (p *PhoneNumber) PublicKey() *PublicKeyService { return &PublicKeyService{p} }

// PublicKeyInfo is the key that a number has.
type PublicKeyInfo struct {
	Key    string `json:"business_public_key"`                  // in PEM
	Status string `json:"business_public_key_signature_status"` // VALID or MISMATCH: set it again after a MISMATCH
}

// Get reads the key of the number.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/guides/whatsapp-business-encryption
func (s *PublicKeyService) Get(ctx context.Context, opts ...kirim.RequestOption) (*PublicKeyInfo, error) {
	return first[PublicKeyInfo](ctx, s.number.client, s.number.path("whatsapp_business_encryption"), struct{}{}, opts)
}

// Set replaces the key of the number by another, an RSA key of 2048 bits in PEM. It
// is retried like a PUT.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/guides/whatsapp-business-encryption
func (s *PublicKeyService) Set(ctx context.Context, pem string, opts ...kirim.RequestOption) error {
	if pem == "" {
		return refuse("pem", "a public key in PEM", "nothing")
	}
	body, option := form([][2]string{{"business_public_key", pem}}, nil)
	return perform(ctx, s.number.client, http.MethodPost, s.number.path("whatsapp_business_encryption"), nil, body, append(idempotent(opts), option))
}
