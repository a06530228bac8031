package cloudapi

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"strings"

	"github.com/google/go-querystring/query"

	"github.com/kirim-go/kirim"
)

// TemplatesService manages the templates of an account. To send one, see
// [kirim.Template].
type TemplatesService struct {
	client  *Client
	account string
}

// Templates returns the service for the templates of the account.
func (a *Account) Templates() *TemplatesService { return &TemplatesService{a.client, a.id} }

// TemplateListParams select templates. The zero value lists all of them.
type TemplateListParams struct {
	Name          string                 `url:"name,omitempty"`
	NameOrContent string                 `url:"name_or_content,omitempty"` // a part of the name or of the text
	Content       string                 `url:"content,omitempty"`         // a part of the text
	Language      string                 `url:"language,omitempty"`
	Category      kirim.TemplateCategory `url:"category,omitempty"`
	Status        kirim.TemplateStatus   `url:"status,omitempty"`        // in either case; [kirim.TemplateStatusAll] is the same as none
	QualityScore  string                 `url:"quality_score,omitempty"` // GREEN, YELLOW, RED, UNKNOWN
	// Fields are the members to read, by their names in JSON; empty for Meta's
	// default, which leaves out rejected_reason and quality_score. A list of fields
	// replaces it: [kirim.Template.Check] wants at least name, language, status,
	// category, parameter_format and components.
	Fields []string `url:"fields,comma,omitempty"`
	Limit  int      `url:"limit,omitempty"` // templates on a page; Meta's default is 25
	Cursor string   `url:"after,omitempty"` // of a [kirim.Page] with the same parameters
}

// wire returns the parameters as Meta writes them.
func (p TemplateListParams) wire() TemplateListParams {
	if p.Status == kirim.TemplateStatusAll {
		p.Status = ""
	}
	p.Status = kirim.TemplateStatus(strings.ToUpper(string(p.Status)))
	return p
}

// List returns one page of the account's templates.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-management
func (s *TemplatesService) List(ctx context.Context, params TemplateListParams, opts ...kirim.RequestOption) (*kirim.Page[Template], error) {
	return list[Template](ctx, s.client, s.path(), params.wire(), opts)
}

// All iterates over the templates from params.Cursor on, one page in memory. An
// error is a [*kirim.ListError] and ends the iteration.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-management
func (s *TemplatesService) All(ctx context.Context, params TemplateListParams, opts ...kirim.RequestOption) iter.Seq2[*Template, error] {
	return all[Template](ctx, s.client, s.path(), params.wire(), opts)
}

// TemplateGetParams choose what to read.
type TemplateGetParams struct {
	// Fields are as those of [TemplateListParams].
	Fields []string `url:"fields,comma,omitempty"`
}

// Get returns the template with that id. A name finds one with
// [TemplatesService.All].
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-management
func (s *TemplatesService) Get(ctx context.Context, id string, params TemplateGetParams, opts ...kirim.RequestOption) (*Template, error) {
	return get[Template](ctx, s.client, pathTo(id), params, opts, "id")
}

// Create submits a template to Meta's review. The result has its ID, the status and
// the category, which may be another than was asked for, and the name and the
// language of params; the webhook message_template_status_update tells what becomes
// of it.
//
// The sample of a media header is a handle of a resumable upload, in
// [kirim.TemplateExample.HeaderHandle]: Meta fetches no links, and a HeaderURL, as
// [kirim.DefineHeaderMedia] sets it, is a [*kirim.ValidationError] with nothing
// sent. Variables has no place at Meta and is left out.
//
// Meta allows 100 creations an hour and account. A creation is not retried in
// doubt: [kirim.MaybeSent] is true then, and a list with the name tells.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview
func (s *TemplatesService) Create(ctx context.Context, params kirim.TemplateCreateParams, opts ...kirim.RequestOption) (*Template, error) {
	if err := checkSamples("components", params.Components); err != nil {
		return nil, err
	}
	return s.create(ctx, params.Name, params.Language, templateBody{
		Name: params.Name, Category: params.Category, Language: params.Language,
		Components: params.Components, ParameterFormat: params.ParameterFormat, TTLSeconds: params.TTLSeconds,
	}, opts)
}

func (s *TemplatesService) create(ctx context.Context, name, language string, body any, opts []kirim.RequestOption) (*Template, error) {
	created, err := call[Template](ctx, s.client, http.MethodPost, s.path(), nil, body, opts, "id")
	if err != nil {
		return nil, err
	}
	created.Name, created.Language = name, language
	return created, nil
}

// TemplateUpdateParams are a new version of a template. What is empty stays as it
// is.
type TemplateUpdateParams struct {
	Name       string                      `json:"name,omitzero"`     // as it is; Meta's example has it again
	Language   string                      `json:"language,omitzero"` // likewise
	Category   kirim.TemplateCategory      `json:"category,omitzero"` // of an approved template it cannot be changed
	Components []kirim.ComponentDefinition `json:"components,omitzero"`
	TTLSeconds int                         `json:"message_send_ttl_seconds,omitzero"` // for how long Meta tries to deliver; -1 for 30 days
	// WithoutLinkTracking stops the count of clicks on buttons; nil leaves it as it
	// is.
	WithoutLinkTracking *bool `json:"cta_url_link_tracking_opted_out,omitzero"`
}

// Update edits the template with that id, which is then reviewed again. It must be
// approved, rejected or paused; an approved one can be edited once in 24 hours and
// 10 times in 30 days, so an edit is not retried in doubt. For samples see
// [TemplatesService.Create].
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-management
func (s *TemplatesService) Update(ctx context.Context, id string, params TemplateUpdateParams, opts ...kirim.RequestOption) error {
	if err := checkSamples("components", params.Components); err != nil {
		return err
	}
	return perform(ctx, s.client, http.MethodPost, pathTo(id), nil, params, opts)
}

// TemplateDeleteParams choose what to delete.
type TemplateDeleteParams struct {
	Name string `url:"name"`
	// ID chooses one language of that name. Without it, the template goes in every
	// language.
	ID string `url:"hsm_id,omitempty"`
}

// Delete removes a template by its name, in every language, or by its name and
// its id, in that language. The name cannot be used again for 30 days. A second call
// does no harm, and it is retried.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-management
func (s *TemplatesService) Delete(ctx context.Context, params TemplateDeleteParams, opts ...kirim.RequestOption) error {
	if params.Name == "" {
		return refuse("Name", "the name of the template", "empty")
	}
	values, err := query.Values(params)
	if err != nil {
		return err
	}
	return perform(ctx, s.client, http.MethodDelete, s.path(), values, nil, opts)
}

func (s *TemplatesService) path() string { return pathTo(s.account, "message_templates") }

// templateBody is [kirim.TemplateCreateParams] as Meta writes it.
type templateBody struct {
	Name            string                        `json:"name"`
	Category        kirim.TemplateCategory        `json:"category"`
	Language        string                        `json:"language"`
	Components      []kirim.ComponentDefinition   `json:"components"`
	ParameterFormat kirim.TemplateParameterFormat `json:"parameter_format,omitzero"`
	TTLSeconds      int                           `json:"message_send_ttl_seconds,omitzero"`
}

// checkSamples refuses samples of media that only Kirim would fetch.
func checkSamples(path string, components []kirim.ComponentDefinition) error {
	for i, c := range components {
		at := fmt.Sprintf("%s[%d]", path, i)
		if c.Example != nil && len(c.Example.HeaderURL) > 0 {
			return refuse(at+".example.header_url", "none, but a header_handle of a resumable upload", "a link")
		}
		for j, card := range c.Cards {
			if err := checkSamples(fmt.Sprintf("%s.cards[%d].components", at, j), card.Components); err != nil {
				return err
			}
		}
	}
	return nil
}
