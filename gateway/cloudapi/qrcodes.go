package cloudapi

import (
	"context"
	"iter"
	"net/http"

	"github.com/kirim-go/kirim"
)

// QRCodesService manages the QR codes of a number.
type QRCodesService struct{ number *PhoneNumber }

// QRCodes returns the service for the QR codes of the number.
func (p *PhoneNumber) QRCodes() *QRCodesService { return &QRCodesService{p} }

// QRCode opens a chat with the number, with a text ready to be sent.
type QRCode struct {
	Code             string `json:"code"` // 14 characters
	PrefilledMessage string `json:"prefilled_message"`
	DeepLinkURL      string `json:"deep_link_url"` // the same as a link
	ImageURL         string `json:"qr_image_url"`  // empty unless it was asked for; Meta does not say for how long it works
	CreationTime     Time   `json:"creation_time"` // zero unless it was asked for
}

// QRImage is the format of the picture of a code.
type QRImage string

// The formats.
const (
	QRImagePNG QRImage = "PNG"
	QRImageSVG QRImage = "SVG"
)

// QRCodeCreateParams are a code to create.
type QRCodeCreateParams struct {
	PrefilledMessage string  `json:"prefilled_message"`          // at most 140 characters
	Image            QRImage `json:"generate_qr_image,omitzero"` // empty for no picture
}

// Create creates a code. It is not retried in doubt, as that could make two.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/qr-codes
func (s *QRCodesService) Create(ctx context.Context, params QRCodeCreateParams, opts ...kirim.RequestOption) (*QRCode, error) {
	return call[QRCode](ctx, s.number.client, http.MethodPost, s.number.path("message_qrdls"), nil, params, opts, "code")
}

// Update gives a code another text. The picture and the link stay the same. It
// is retried like a PUT.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/qr-codes
func (s *QRCodesService) Update(ctx context.Context, code, prefilledMessage string, opts ...kirim.RequestOption) (*QRCode, error) {
	if code == "" { // would create one
		return nil, refuse("code", "the code to update", "empty")
	}
	body := struct {
		Code             string `json:"code"`
		PrefilledMessage string `json:"prefilled_message"`
	}{code, prefilledMessage}
	return call[QRCode](ctx, s.number.client, http.MethodPost, s.number.path("message_qrdls"), nil, body, idempotent(opts), "code")
}

// QRCodeListParams select codes. The zero value lists all of them.
type QRCodeListParams struct {
	// Fields are what to read: code, prefilled_message, deep_link_url, creation_time
	// and qr_image_url.format(PNG) or …(SVG); empty for the first three.
	Fields []string `url:"fields,comma,omitempty"`
	Limit  int      `url:"limit,omitempty"` // codes on a page, 1 to 25; Meta's default is 25
	Cursor string   `url:"after,omitempty"` // of a [kirim.Page] with the same parameters
}

// List returns one page of the number's codes.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/qr-codes
func (s *QRCodesService) List(ctx context.Context, params QRCodeListParams, opts ...kirim.RequestOption) (*kirim.Page[QRCode], error) {
	return list[QRCode](ctx, s.number.client, s.number.path("message_qrdls"), params, opts)
}

// All iterates over the number's codes from params.Cursor on, one page in
// memory. An error is a [*kirim.ListError] and ends the iteration.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/qr-codes
func (s *QRCodesService) All(ctx context.Context, params QRCodeListParams, opts ...kirim.RequestOption) iter.Seq2[*QRCode, error] {
	return all[QRCode](ctx, s.number.client, s.number.path("message_qrdls"), params, opts)
}

// QRCodeGetParams choose what to read.
type QRCodeGetParams struct {
	// Fields are as those of [QRCodeListParams].
	Fields []string `url:"fields,comma,omitempty"`
}

// Get returns one code.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/qr-codes
func (s *QRCodesService) Get(ctx context.Context, code string, params QRCodeGetParams, opts ...kirim.RequestOption) (*QRCode, error) {
	return first[QRCode](ctx, s.number.client, pathTo(s.number.id, "message_qrdls", code), params, opts)
}

// Delete removes a code, whose picture and link then lead nowhere. A second call
// does no harm, and it is retried.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/qr-codes
func (s *QRCodesService) Delete(ctx context.Context, code string, opts ...kirim.RequestOption) error {
	return perform(ctx, s.number.client, http.MethodDelete, pathTo(s.number.id, "message_qrdls", code), nil, nil, opts)
}
