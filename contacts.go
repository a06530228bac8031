package kirim

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// ContactsService manages the people that a number has chatted with. Get it
// from [Client.PhoneNumber].
type ContactsService struct {
	client        *core
	phoneNumberID string
}

// Contact is a person that a number has chatted with, or may.
//
// Docs: https://developers.kirim.chat/api/operations/phone_number_idcontacts/get/
type Contact struct {
	ID              string     `json:"id,omitzero"`           // ctc_…
	Object          string     `json:"object,omitzero"`       // "contact"
	PhoneNumber     string     `json:"phone_number,omitzero"` // E.164
	Name            string     `json:"name,omitzero"`
	Email           string     `json:"email,omitzero"`
	Metadata        Metadata   `json:"metadata,omitzero"`
	WhatsAppAccount AccountRef `json:"whatsapp_account,omitzero"`
	CreatedAt       time.Time  `json:"created_at,omitzero"`
	UpdatedAt       time.Time  `json:"updated_at,omitzero"`
	Extra           Extra      `json:"-"`
	blank           []blankField
}

// ContactListParams selects contacts. There is no filter by time.
type ContactListParams struct {
	Phone  string `url:"phone,omitempty"`  // exact, E.164
	Search string `url:"search,omitempty"` // part of a name or an email, 1 to 200 characters
	Limit  int    `url:"limit,omitempty"`  // contacts on a page, 1 to 100; the server's default is 25
	Cursor string `url:"cursor,omitempty"` // of a [Page] with the same filters
}

// ContactCreateParams is a contact to create.
type ContactCreateParams struct {
	PhoneNumber string   `json:"phone_number"` // E.164 with the leading plus
	Name        string   `json:"name,omitzero"`
	Email       string   `json:"email,omitzero"`
	Metadata    Metadata `json:"metadata,omitzero"`
}

// ContactUpdateParams changes a contact. Zero fields are left as they are.
// That these three can be changed is documented; that null empties Email and
// Metadata is assumed.
type ContactUpdateParams struct {
	Name     *string          `json:"name,omitzero"`
	Email    Change[string]   `json:"email,omitzero"`
	Metadata Change[Metadata] `json:"metadata,omitzero"` // as a whole; nothing is merged here
}

// List returns one page of the number's contacts.
//
// Docs: https://developers.kirim.chat/api/operations/phone_number_idcontacts/get/
func (s *ContactsService) List(ctx context.Context, params ContactListParams, opts ...RequestOption) (*Page[Contact], error) {
	return listPage[Contact](ctx, s.client, s.path(), params, opts)
}

// All iterates over the contacts from params.Cursor on, one page in memory.
// An error is a [*ListError] and ends the iteration.
//
// Docs: https://developers.kirim.chat/concepts/pagination/
func (s *ContactsService) All(ctx context.Context, params ContactListParams, opts ...RequestOption) iter.Seq2[*Contact, error] {
	return all[Contact](ctx, s.client, s.path(), params, opts)
}

// Get returns one contact; [IsNotFound] also for one of another organisation.
//
// Docs: https://kirim-dev.pages.dev/api/operations/contactsid/get/
func (s *ContactsService) Get(ctx context.Context, id string, opts ...RequestOption) (*Contact, error) {
	return request[Contact](ctx, s.client, http.MethodGet, s.path(id), nil, nil, opts)
}

// Create creates a contact. Sending to a new number does so by itself. What
// the server does about a number that it knows already is not documented.
//
// Docs: https://developers.kirim.chat/api/operations/phone_number_idcontacts/post/
func (s *ContactsService) Create(ctx context.Context, params ContactCreateParams, opts ...RequestOption) (*Contact, error) {
	return request[Contact](ctx, s.client, http.MethodPost, s.path(), nil, params, opts)
}

// Update changes a contact. Changing nothing is a [*ValidationError]. The
// form of the request is assumed from the contact.updated event.
//
// Docs: https://kirim-dev.pages.dev/webhooks/events/
func (s *ContactsService) Update(ctx context.Context, id string, params ContactUpdateParams, opts ...RequestOption) (*Contact, error) {
	return patch[Contact](ctx, s.client, s.path(id), params, opts)
}

// Delete deletes a contact. No page of the vendor describes the operation; it
// is assumed. Retried after a lost response, it may be [IsNotFound] although it
// was done; [Error.Attempts] is then more than 1.
func (s *ContactsService) Delete(ctx context.Context, id string, opts ...RequestOption) error {
	return s.client.do(ctx, http.MethodDelete, s.path(id), nil, nil, nil, opts)
}

// AttachLabel attaches a label of the contact's team. Doing so twice is no
// error.
//
// Docs: https://kirim-dev.pages.dev/api/operations/contactsidlabels/
func (s *ContactsService) AttachLabel(ctx context.Context, id, labelID string, opts ...RequestOption) (*LabelAttachment, error) {
	return attachLabel(ctx, s.client, s.path(id), labelID, opts)
}

// DetachLabel detaches a label. Doing so twice is no error.
//
// Docs: https://kirim-dev.pages.dev/api/operations/contactsidlabelslabel_id/
func (s *ContactsService) DetachLabel(ctx context.Context, id, labelID string, opts ...RequestOption) (*LabelAttachment, error) {
	return detachLabel(ctx, s.client, s.path(id), labelID, opts)
}

func (s *ContactsService) path(segments ...string) string {
	return pathOf(append([]string{s.phoneNumberID, "contacts"}, segments...)...)
}

// LabelOperation is what [ContactsService.BulkLabel] does.
type LabelOperation string

// Operations of a bulk.
const (
	LabelAttach LabelOperation = "attach"
	LabelDetach LabelOperation = "detach"
)

// BulkLabelParams attaches or detaches one label.
type BulkLabelParams struct {
	LabelID    string
	Operation  LabelOperation
	ContactIDs []string // at least one; sent 1,000 at a time
}

// BulkLabelResult adds up what the server did. Contacts that it skipped are
// no error.
type BulkLabelResult struct {
	Applied             int   `json:"applied,omitzero"`
	SkippedCrossOrg     int   `json:"skipped_cross_org,omitzero"`     // of another organisation
	SkippedTeamMismatch int   `json:"skipped_team_mismatch,omitzero"` // not of the label's team
	Done                int   `json:"-"`                              // how many of the ids, from the first on, the server has processed
	Extra               Extra `json:"-"`                              // of the last response
	blank               []blankField
}

// maxBulkLabel is the most that the server takes in one request.
//
// Docs: https://developers.kirim.chat/api/operations/phone_number_idcontactsbulk_label/
const maxBulkLabel = 1000

// BulkLabel attaches a label to many contacts, or detaches it. The server
// takes at most 1,000 ids in a request and carries each request out as a
// whole or not at all; more ids make several requests, one after the other.
//
// When one fails, the error comes together with the result of those before
// it, and Done tells how far they got; the result is never nil. The requests
// carry keys derived from that of [WithIdempotencyKey], so that the whole call
// can be repeated with the same key and the same ids; or go on with the ids
// from Done and the key of the error. A [Response] asked for with
// [WithResponse] describes the last request.
//
// Docs: https://developers.kirim.chat/api/operations/phone_number_idcontactsbulk_label/
func (s *ContactsService) BulkLabel(ctx context.Context, params BulkLabelParams, opts ...RequestOption) (*BulkLabelResult, error) {
	total := &BulkLabelResult{}
	if err := s.client.check(ctx); err != nil {
		return total, err
	}
	if len(params.ContactIDs) == 0 {
		return total, refuse("contact_ids", "at least 1 id", "none")
	}
	settings, err := settingsOf(opts)
	if err != nil {
		return total, err
	}
	key := settings.key
	if key == "" {
		key = newIdempotencyKey()
	}
	for ids := range slices.Chunk(params.ContactIDs, maxBulkLabel) {
		chunkOpts := opts
		if s.client.keyed {
			chunkKey := key
			if total.Done > 0 {
				chunkKey = derivedKey(key, ":"+strconv.Itoa(total.Done))
			}
			chunkOpts = append(slices.Clip(opts), WithIdempotencyKey(chunkKey))
		}
		result, err := request[BulkLabelResult](ctx, s.client, http.MethodPost, s.path("bulk_label"), nil, struct {
			ContactIDs []string       `json:"contact_ids"`
			LabelID    string         `json:"label_id"`
			Operation  LabelOperation `json:"operation"`
		}{ids, params.LabelID, params.Operation}, chunkOpts)
		if err != nil {
			if total.Done > 0 {
				err = fmt.Errorf("after %d of %d contacts: %w", total.Done, len(params.ContactIDs), err)
			}
			return total, err
		}
		result.Applied += total.Applied
		result.SkippedCrossOrg += total.SkippedCrossOrg
		result.SkippedTeamMismatch += total.SkippedTeamMismatch
		result.Done = total.Done + len(ids)
		total = result
	}
	return total, nil
}
