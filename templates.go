package kirim

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// TemplatesService manages the templates of a number. Get it from
// [Client.PhoneNumber]. To send one, see [Template].
type TemplatesService struct {
	client        *core
	phoneNumberID string
}

// MessageTemplate is a template as it stands with Meta. Name, Language and
// Status are documented; the other fields are assumed, so that each may be
// empty, and one of another shape is found in Extra.
//
// Docs: https://docs.kirimdev.com/sending/create-templates/
type MessageTemplate struct {
	ID              string                  `json:"id,omitzero" kirim:"assumed"` // tmpl_…
	Object          string                  `json:"object,omitzero" kirim:"assumed"`
	Name            string                  `json:"name,omitzero"`
	Language        string                  `json:"language,omitzero"`
	Status          TemplateStatus          `json:"status,omitzero"`
	Category        TemplateCategory        `json:"category,omitzero" kirim:"assumed"`
	ParameterFormat TemplateParameterFormat `json:"parameter_format,omitzero" kirim:"assumed"`
	Content         string                  `json:"content,omitzero" kirim:"assumed"` // the text of the body
	HeaderType      string                  `json:"header_type,omitzero" kirim:"assumed"`
	HeaderContent   string                  `json:"header_content,omitzero" kirim:"assumed"`
	FooterContent   string                  `json:"footer_content,omitzero" kirim:"assumed"`
	HasVariables    bool                    `json:"has_variables,omitzero" kirim:"assumed"`
	Variables       []json.RawMessage       `json:"variables,omitzero" kirim:"assumed"` // names or objects
	Buttons         []ButtonDefinition      `json:"buttons,omitzero" kirim:"assumed"`
	Components      []ComponentDefinition   `json:"components,omitzero" kirim:"assumed"`
	CreatedAt       time.Time               `json:"created_at,omitzero" kirim:"assumed"`
	UpdatedAt       time.Time               `json:"updated_at,omitzero" kirim:"assumed"`
	Extra           Extra                   `json:"-"`
	blank           []blankField
}

// TemplateStatus is the state of a template. The server may have more.
type TemplateStatus string

// States of a template. That the server reports the latter two here, and not only when
// such a template is sent, is assumed.
const (
	TemplateApproved TemplateStatus = "approved"
	TemplatePending  TemplateStatus = "pending"
	TemplateRejected TemplateStatus = "rejected"
	TemplatePaused   TemplateStatus = "paused"
	TemplateDisabled TemplateStatus = "disabled"

	// TemplateStatusAll selects templates of any status in a list.
	TemplateStatusAll TemplateStatus = "all"
)

// TemplateListParams selects templates. The default of Status is not known.
type TemplateListParams struct {
	Status   TemplateStatus `url:"status,omitempty"` // approved, pending, rejected or all, in lower case
	Language string         `url:"language,omitempty"`
	Limit    int            `url:"limit,omitempty"`  // templates on a page, 1 to 100; the server's default is 25
	Cursor   string         `url:"cursor,omitempty"` // of a [Page] with the same filters
}

// TemplateSyncResult counts what a synchronisation found.
type TemplateSyncResult struct {
	Created int   `json:"created,omitzero"`
	Updated int   `json:"updated,omitzero"`
	Synced  int   `json:"synced,omitzero"`
	Extra   Extra `json:"-"`
	blank   []blankField
}

// List returns one page of the number's templates.
//
// Docs: https://developers.kirim.chat/sending/send-templates/
func (s *TemplatesService) List(ctx context.Context, params TemplateListParams, opts ...RequestOption) (*Page[MessageTemplate], error) {
	return listPage[MessageTemplate](ctx, s.client, s.path(), params, opts)
}

// All iterates over the templates from params.Cursor on, one page in memory.
// An error is a [*ListError] and ends the iteration.
//
// Docs: https://developers.kirim.chat/sending/send-templates/
func (s *TemplatesService) All(ctx context.Context, params TemplateListParams, opts ...RequestOption) iter.Seq2[*MessageTemplate, error] {
	return all[MessageTemplate](ctx, s.client, s.path(), params, opts)
}

// Get returns one template by its name. The language chooses among several of
// that name; that the server looks at it is assumed. It may be empty.
//
// Docs: https://docs.kirimdev.com/sending/create-templates/
func (s *TemplatesService) Get(ctx context.Context, name, language string, opts ...RequestOption) (*MessageTemplate, error) {
	query := url.Values{}
	if language != "" {
		query.Set("language", language)
	}
	return request[MessageTemplate](ctx, s.client, http.MethodGet, s.path(name), query, nil, opts)
}

// Create stores a template, in state pending, and submits it to Meta. A name
// that exists in the language is [CodeTemplateAlreadyExists]. See
// [TemplatesService.WaitApproved] for what comes next.
//
// Docs: https://docs.kirimdev.com/api/operations/phone_number_idtemplates/post/
func (s *TemplatesService) Create(ctx context.Context, params TemplateCreateParams, opts ...RequestOption) (*MessageTemplate, error) {
	return request[MessageTemplate](ctx, s.client, http.MethodPost, s.path(), nil, params, opts)
}

// Sync brings Kirim's copies of the templates up to date with Meta. Repeating
// it does no harm.
//
// Docs: https://docs.kirimdev.com/api/operations/phone_number_idtemplatessync/
func (s *TemplatesService) Sync(ctx context.Context, opts ...RequestOption) (*TemplateSyncResult, error) {
	return request[TemplateSyncResult](ctx, s.client, http.MethodPost, s.path("sync"), nil, nil, opts)
}

func (s *TemplatesService) path(segments ...string) string {
	return pathOf(append([]string{s.phoneNumberID, "templates"}, segments...)...)
}

// The waits of WaitApproved. Meta takes minutes to hours, but approves
// authentication templates at once.
const (
	firstTemplatePoll = 2 * time.Second
	lastTemplatePoll  = time.Minute
)

// WaitApproved asks for the template again and again until it is approved,
// and returns it. Give ctx a deadline: Meta may take a day.
//
// When the template is rejected, paused or disabled, or ctx ends first, the
// error is a [*TemplateNotApprovedError]. Failures that pass are waited out,
// at least for as long as the server asks; any other error ends the wait.
//
// The waits grow from about 2 seconds to about a minute.
//
// Docs: https://docs.kirimdev.com/sending/create-templates/
func (s *TemplatesService) WaitApproved(ctx context.Context, name, language string, opts ...RequestOption) (*MessageTemplate, error) {
	if err := s.client.check(ctx); err != nil {
		return nil, err
	}
	var last *MessageTemplate
	for wait := firstTemplatePoll; ; wait = min(2*wait, lastTemplatePoll) {
		pause := wait + rand.N(wait/4) //nolint:gosec // spreads load; nobody gains by guessing it
		template, err := s.Get(ctx, name, language, opts...)
		var answer *Error
		switch {
		case err == nil:
			last = template
			if other := template.Language; language != "" && other != "" && other != language {
				return nil, &TemplateNotApprovedError{template, errOtherLanguage}
			}
			switch template.Status {
			case TemplateApproved:
				return template, nil
			case TemplateRejected, TemplatePaused, TemplateDisabled:
				return nil, &TemplateNotApprovedError{Template: template}
			default: // pending, or a status that this version does not know
			}
		case ctx.Err() != nil:
			return nil, &TemplateNotApprovedError{last, err}
		case !IsTemporary(err):
			return nil, err
		case errors.As(err, &answer):
			pause = max(pause, answer.RetryAfter)
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, &TemplateNotApprovedError{last, contextError(ctx)}
		}
	}
}

var errOtherLanguage = errors.New("the server answered with another language")

// TemplateNotApprovedError ends a wait for a template. The error of [Template.Check]
// wraps one.
type TemplateNotApprovedError struct {
	// Template is what the server last said; nil when it never did. Its
	// Status reports whether there is anything left to wait for.
	Template *MessageTemplate
	// Err is why the wait ended before there was a verdict, such as the
	// error of the context; nil when the verdict is in Template.
	Err error
}

// Error returns one line with the status.
func (e *TemplateNotApprovedError) Error() string {
	if e == nil {
		return noError
	}
	text := "kirim: template not approved"
	if e.Template != nil {
		text += ": it is " + printable(string(e.Template.Status))
	}
	if e.Err != nil {
		text += ": " + strings.TrimPrefix(e.Err.Error(), "kirim: ")
	}
	return text
}

// Unwrap returns Err.
func (e *TemplateNotApprovedError) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.Err
}

// Is makes a template that is paused or disabled look like the error of
// sending it, so that [IsTemplateUnavailable] is true.
func (e *TemplateNotApprovedError) Is(target error) bool {
	if e == nil || e.Template == nil || e.Err != nil {
		return false
	}
	switch TemplateStatus(strings.ToLower(string(e.Template.Status))) { // Meta has it in upper case
	case TemplatePaused:
		return target == CodeTemplatePaused || target == KindTemplateUnavailable
	case TemplateDisabled:
		return target == CodeTemplateDisabled || target == KindTemplateUnavailable
	default:
		return false
	}
}

// disposition of a wait: a verdict stands, and a wait that ended may go on.
func (e *TemplateNotApprovedError) disposition() (Action, time.Duration) {
	switch {
	case errors.Is(e.Err, context.Canceled), errors.Is(e.Err, context.DeadlineExceeded):
		return ActionRetry, 0
	case e.Err != nil:
		return disposition(e.Err)
	case errors.Is(e, KindTemplateUnavailable):
		return actionOfKind(KindTemplateUnavailable), 0
	}
	return ActionDoNotRetry, 0
}
