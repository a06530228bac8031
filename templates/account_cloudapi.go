package templates

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/cloudapi"
)

// CloudAPI returns the templates of a WhatsApp Business Account at Meta, by its ID.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-management
func CloudAPI(client *cloudapi.Client, account string, options ...CloudAPIOption) Account {
	if client == nil {
		client = &cloudapi.Client{} // whose calls are all refused
	}
	a := &cloudAccount{client: client, templates: client.Account(account).Templates()}
	for _, option := range options {
		option(a)
	}
	return a
}

// CloudAPIOption changes what [CloudAPI] does.
type CloudAPIOption func(*cloudAccount)

// WithUploads lets a push upload files as samples of media, as uploads of the app with
// that ID. The default is to take handles only.
//
// Docs: https://developers.facebook.com/docs/graph-api/guides/upload
func WithUploads(appID string) CloudAPIOption {
	return func(a *cloudAccount) { a.uploads = a.client.Uploads(appID) }
}

// WithFetchedLinks lets a push fetch links with the client and upload what it gets as
// samples of media; it needs [WithUploads], too. A nil client is
// [http.DefaultClient]. The default is to refuse links, which Meta does not take.
func WithFetchedLinks(client *http.Client) CloudAPIOption {
	return func(a *cloudAccount) {
		if a.fetch = client; client == nil {
			a.fetch = http.DefaultClient
		}
	}
}

type cloudAccount struct {
	client    *cloudapi.Client
	templates *cloudapi.TemplatesService
	uploads   *cloudapi.UploadsService // nil for none
	fetch     *http.Client             // nil for none
}

// cloudFields are what a list asks for. A list of fields replaces Meta's default.
var cloudFields = []string{
	"id", "name", "language", "status", "category", "parameter_format", "components",
	"rejected_reason", "quality_score", "message_send_ttl_seconds",
}

// Abilities implements [Account].
func (a *cloudAccount) Abilities() Abilities {
	return Abilities{System: "the Cloud API", Update: true, Delete: true, Files: a.uploads != nil, Links: a.uploads != nil && a.fetch != nil}
}

// List implements [Account].
func (a *cloudAccount) List(ctx context.Context) ([]*Remote, error) {
	return a.list(ctx, cloudapi.TemplateListParams{})
}

// Get returns one template.
func (a *cloudAccount) Get(ctx context.Context, name, language string) (*Remote, error) {
	remotes, err := a.list(ctx, cloudapi.TemplateListParams{Name: name}) // of which there may be others that begin with it
	if err != nil {
		return nil, err
	}
	if r := remoteOf(remotes, name, language); r != nil {
		return r, nil
	}
	return nil, errGone
}

func (a *cloudAccount) list(ctx context.Context, params cloudapi.TemplateListParams) ([]*Remote, error) {
	params.Fields, params.Limit = cloudFields, 100
	var remotes []*Remote
	for t, err := range a.templates.All(ctx, params) {
		if err != nil {
			return nil, err
		}
		remotes = append(remotes, cloudRemote(t))
	}
	return remotes, nil
}

func cloudRemote(t *cloudapi.Template) *Remote {
	return &Remote{
		MessageTemplate: t.MessageTemplate, TTLSeconds: t.TTLSeconds,
		RejectedReason: reasonOf(t.RejectedReason), Quality: t.QualityScore.Score,
	}
}

// Create implements [Account].
func (a *cloudAccount) Create(ctx context.Context, params kirim.TemplateCreateParams) (*Remote, error) {
	var err error
	if params.Components, err = a.withHandles(ctx, params.Components); err != nil {
		return nil, err
	}
	created, err := a.templates.Create(ctx, params)
	if err != nil {
		return nil, err
	}
	return cloudRemote(created), nil
}

// Update implements [Account]. The category of an approved template cannot be changed
// and is left out for one.
func (a *cloudAccount) Update(ctx context.Context, remote *Remote, params kirim.TemplateCreateParams) error {
	components, err := a.withHandles(ctx, params.Components)
	if err != nil {
		return err
	}
	update := cloudapi.TemplateUpdateParams{
		Name: params.Name, Language: params.Language, Components: components, TTLSeconds: params.TTLSeconds,
	}
	if remote.Status != kirim.TemplateApproved {
		update.Category = params.Category
	}
	return a.templates.Update(ctx, remote.ID, update)
}

// Delete implements [Account]. Without the ID of the template, Meta would delete all its
// languages: that is refused.
func (a *cloudAccount) Delete(ctx context.Context, remote *Remote) error {
	if remote.ID == "" {
		return errors.New("templates: the account does not say the ID of the template, without which all its languages would be deleted")
	}
	return a.templates.Delete(ctx, cloudapi.TemplateDeleteParams{Name: remote.Name, ID: remote.ID})
}

// Upload implements [Uploader].
func (a *cloudAccount) Upload(ctx context.Context, filename, mimeType string, file io.ReadSeeker) (string, error) {
	if a.uploads == nil {
		return "", fmt.Errorf("templates: uploads need the ID of an app: %w", errors.ErrUnsupported)
	}
	return a.uploads.Upload(ctx, cloudapi.SampleParams{MIMEType: mimeType, Filename: filename}, file)
}
