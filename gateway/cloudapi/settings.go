package cloudapi

import (
	"context"
	"net/http"

	"github.com/kirim-go/kirim"
)

// SettingsService reads and changes the settings of a number beside its profile.
type SettingsService struct{ number *PhoneNumber }

// Settings returns the service for the settings of the number.
func (p *PhoneNumber) Settings() *SettingsService { return &SettingsService{p} }

// Settings are those of a number beside its profile.
type Settings struct {
	Calling      CallingSettings    `json:"calling"`
	Encryption   EncryptionSettings `json:"payload_encryption"`
	Storage      StorageSettings    `json:"storage_configuration"`
	UserIdentity *IdentityCheck     `json:"user_identity_change"` // nil where Meta does not say
}

// CallingSettings are whether and how the number takes calls.
type CallingSettings struct {
	Status             string `json:"status"`               // enabled, disabled
	CallIconVisibility string `json:"call_icon_visibility"` // visible, hidden
	IPAddresses        struct {
		Default []string `json:"default"`
	} `json:"ip_addresses"`
	CallbackPermission string        `json:"callback_permission_status"` // enabled, disabled
	KeyExchange        string        `json:"srtp_key_exchange_protocol"` // DTLS-SRTP, SDES-SRTP
	SIP                SIPSettings   `json:"sip"`
	Video              FeatureStatus `json:"video"`
	Audio              FeatureStatus `json:"audio"`
}

// SIPSettings are where calls go over SIP.
type SIPSettings struct {
	Status  string `json:"status"`
	Servers []struct {
		AppID    string `json:"app_id"`
		Hostname string `json:"hostname"`
		Port     int    `json:"port"`
	} `json:"servers"`
}

// FeatureStatus is enabled or disabled.
type FeatureStatus struct {
	Status string `json:"status"`
}

// EncryptionSettings are whether messages are encrypted with a key of the
// business's.
type EncryptionSettings struct {
	Status         string `json:"status"`
	KeyFingerprint string `json:"client_encryption_key_fingerprint"`
	CloudKey       string `json:"cloud_encryption_key"` // a public key
}

// StorageSettings are where messages are kept.
type StorageSettings struct {
	Status string `json:"status"` // default, in_country_storage_enabled
	Region string `json:"data_localization_region"`
}

// IdentityCheck is whether Meta tells when the identity of a customer has changed,
// and refuses messages whose [kirim.OutboundMessage.IdentityKeyHash] is not the
// customer's.
type IdentityCheck struct {
	Enabled bool `json:"enabled"`
}

// Get reads the settings, without the passwords of SIP servers.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-phone-number/settings-api
func (s *SettingsService) Get(ctx context.Context, opts ...kirim.RequestOption) (*Settings, error) {
	return call[Settings](ctx, s.number.client, http.MethodGet, s.number.path("settings"), nil, nil, opts,
		"calling", "payload_encryption", "storage_configuration", "user_identity_change")
}

// SettingsUpdateParams are what to change; a nil member stays as it is.
type SettingsUpdateParams struct {
	Calling      *CallingUpdate    `json:"calling,omitzero"`
	UserIdentity *IdentityCheck    `json:"user_identity_change,omitzero"`
	Encryption   *EncryptionUpdate `json:"payload_encryption,omitzero"`
	Storage      *StorageUpdate    `json:"storage_configuration,omitzero"`
}

// CallingUpdate changes the settings of calls.
type CallingUpdate struct {
	Status             string         `json:"status,omitzero"`               // enabled or disabled
	CallIconVisibility string         `json:"call_icon_visibility,omitzero"` // visible or hidden
	Video              *FeatureStatus `json:"video,omitzero"`
	SIP                *FeatureStatus `json:"sip,omitzero"`
	KeyExchange        string         `json:"srtp_key_exchange_protocol,omitzero"` // DTLS-SRTP or SDES-SRTP
}

// EncryptionUpdate turns the encryption of messages on or off.
type EncryptionUpdate struct {
	Status    string `json:"status"`                         // enabled or disabled
	ClientKey string `json:"client_encryption_key,omitzero"` // the business's public key in PEM, in base64; required to turn it on
}

// StorageUpdate chooses where messages are kept.
type StorageUpdate struct {
	Enabled bool   `json:"enabled"`
	Region  string `json:"region,omitzero"` // such as id
}

// Update changes settings. It is retried like a PUT, as it sets absolute
// values. UserIdentity turns the check of the customer's identity on or off.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-phone-number/settings-api
func (s *SettingsService) Update(ctx context.Context, params SettingsUpdateParams, opts ...kirim.RequestOption) error {
	return set(ctx, s.number.client, s.number.path("settings"), params, opts)
}
