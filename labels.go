package kirim

import (
	"context"
	"iter"
	"net/http"
	"time"
)

// LabelsService manages the labels that contacts and conversations can carry.
type LabelsService struct{ client *core }

// Label is a coloured word of a team.
//
// Docs: https://developers.kirim.chat/api/operations/labels/post/
type Label struct {
	ID        string     `json:"id,omitzero"`     // lbl_…
	Object    string     `json:"object,omitzero"` // "label"
	Name      string     `json:"name,omitzero"`   // unique in its team
	Color     LabelColor `json:"color,omitzero"`
	TeamID    string     `json:"team_id,omitzero"`
	CreatedAt time.Time  `json:"created_at,omitzero"`
	UpdatedAt time.Time  `json:"updated_at,omitzero"`
	Extra     Extra      `json:"-"`
	blank     []blankField
}

// LabelColor is the colour of a label. The server may have more.
type LabelColor string

// Colours of a label.
const (
	LabelGray    LabelColor = "gray" // the server's default
	LabelRed     LabelColor = "red"
	LabelOrange  LabelColor = "orange"
	LabelAmber   LabelColor = "amber"
	LabelYellow  LabelColor = "yellow"
	LabelLime    LabelColor = "lime"
	LabelGreen   LabelColor = "green"
	LabelEmerald LabelColor = "emerald"
	LabelTeal    LabelColor = "teal"
	LabelSky     LabelColor = "sky"
	LabelBlue    LabelColor = "blue"
	LabelViolet  LabelColor = "violet"
	LabelPink    LabelColor = "pink"
)

// LabelListParams selects labels.
type LabelListParams struct {
	TeamID string `url:"team_id,omitempty"` // assumed filter
	Limit  int    `url:"limit,omitempty"`   // labels on a page, 1 to 100; the server's default is 25
	Cursor string `url:"cursor,omitempty"`  // of a [Page] with the same filters
}

// LabelCreateParams is a label to create.
type LabelCreateParams struct {
	Name   string     `json:"name"`             // 1 to 50 characters, unique in the team
	Color  LabelColor `json:"color,omitzero"`   // gray when empty
	TeamID string     `json:"team_id,omitzero"` // required when the organisation has several teams
}

// LabelUpdateParams changes a label. Empty fields are left as they are.
type LabelUpdateParams struct {
	Name  string     `json:"name,omitzero"` // 1 to 50 characters, unique in the team
	Color LabelColor `json:"color,omitzero"`
}

// List returns one page of the organisation's labels.
//
// Docs: https://developers.kirim.chat/concepts/pagination/
func (s *LabelsService) List(ctx context.Context, params LabelListParams, opts ...RequestOption) (*Page[Label], error) {
	return listPage[Label](ctx, s.client, "/labels", params, opts)
}

// All iterates over the labels from params.Cursor on, one page in memory. An
// error is a [*ListError] and ends the iteration.
//
// Docs: https://developers.kirim.chat/concepts/pagination/
func (s *LabelsService) All(ctx context.Context, params LabelListParams, opts ...RequestOption) iter.Seq2[*Label, error] {
	return all[Label](ctx, s.client, "/labels", params, opts)
}

// Create creates a label. A name that the team has already is
// [CodeInvalidFieldValue].
//
// Docs: https://developers.kirim.chat/api/operations/labels/post/
func (s *LabelsService) Create(ctx context.Context, params LabelCreateParams, opts ...RequestOption) (*Label, error) {
	return request[Label](ctx, s.client, http.MethodPost, "/labels", nil, params, opts)
}

// Update changes name, colour or both. Changing nothing is a
// [*ValidationError].
//
// Docs: https://developers.kirim.chat/api/operations/labelsid/patch/
func (s *LabelsService) Update(ctx context.Context, id string, params LabelUpdateParams, opts ...RequestOption) (*Label, error) {
	return patch[Label](ctx, s.client, pathOf("labels", id), params, opts)
}

// Delete deletes a label. No page of the vendor describes the operation; it
// is assumed. Retried after a lost response, it may be [IsNotFound] although it
// was done; [Error.Attempts] is then more than 1.
func (s *LabelsService) Delete(ctx context.Context, id string, opts ...RequestOption) error {
	return s.client.do(ctx, http.MethodDelete, pathOf("labels", id), nil, nil, nil, opts)
}

// LabelAttachment reports whether a contact or a conversation carries a label
// now.
type LabelAttachment struct {
	ContactID      string `json:"contact_id,omitzero"`      // of a contact
	ConversationID string `json:"conversation_id,omitzero"` // of a conversation; assumed
	LabelID        string `json:"label_id,omitzero"`
	Attached       bool   `json:"attached,omitzero"`
	Extra          Extra  `json:"-"`
	blank          []blankField
}

// attachLabel attaches a label to the contact or conversation at path.
func attachLabel(ctx context.Context, c *core, path, labelID string, opts []RequestOption) (*LabelAttachment, error) {
	return request[LabelAttachment](ctx, c, http.MethodPost, path+"/labels", nil, struct {
		LabelID string `json:"label_id"`
	}{labelID}, opts)
}

func detachLabel(ctx context.Context, c *core, path, labelID string, opts []RequestOption) (*LabelAttachment, error) {
	return request[LabelAttachment](ctx, c, http.MethodDelete, path+"/labels"+pathOf(labelID), nil, nil, opts)
}
