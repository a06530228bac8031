package templates

import (
	"context"
	"io"

	"github.com/kirim-go/kirim"
)

// Account is where templates are: with Kirim ([Kirim]) or in a WhatsApp Business
// Account at Meta ([CloudAPI]).
type Account interface {
	// Abilities says what the system can do.
	Abilities() Abilities
	// List returns all templates of the account, in any state.
	List(ctx context.Context) ([]*Remote, error)
	// Create submits a template for review.
	Create(ctx context.Context, params kirim.TemplateCreateParams) (*Remote, error)
	// Update submits a new version of a template for review. Where the system cannot,
	// the error wraps [errors.ErrUnsupported].
	Update(ctx context.Context, remote *Remote, params kirim.TemplateCreateParams) error
	// Delete removes a template in one language. Where the system cannot, the error wraps
	// [errors.ErrUnsupported].
	Delete(ctx context.Context, remote *Remote) error
}

// Abilities are what a system can do with templates.
type Abilities struct {
	System string // such as "Kirim" or "the Cloud API"
	Update bool   // change a template that exists
	Delete bool   // delete one
	Links  bool   // samples of media may be links, which it fetches
	Files  bool   // samples of media may be files, which a push uploads; the account is an [Uploader]
}

// Uploader is an [Account] that takes files as samples of media.
type Uploader interface {
	// Upload uploads a sample and returns its handle. The MIME type is image/jpeg,
	// image/png, video/mp4 or application/pdf.
	Upload(ctx context.Context, filename, mimeType string, file io.ReadSeeker) (handle string, err error)
}

// Remote is a template as an account has it, in one language.
type Remote struct {
	kirim.MessageTemplate
	// TTLSeconds is for how long Meta tries to deliver a message; 0 where the account
	// does not say, or leaves it to Meta.
	TTLSeconds int
	// RejectedReason is why Meta rejected it; empty where the account does not say.
	RejectedReason string
	// Quality is what customers made of it: GREEN, YELLOW, RED or UNKNOWN; empty where the
	// account does not say.
	Quality string
}
