package kirim

import (
	"context"

	"github.com/kirim-go/kirim/internal/jsonscan"
)

// GroupUpdate reports a change to a group: that it was created or deleted,
// who joined or left it, its settings, or that it was suspended. Field tells
// these apart, Type what exactly happened.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/groups/webhooks
type GroupUpdate struct {
	MetaChange
	Type             string // "group_create", "group_add_participants" …; an open set
	GroupID          string
	RequestID        string // of the request that led to it; empty for what others did
	Subject          string
	Description      string
	InviteLink       string
	JoinApprovalMode string
	JoinRequestID    string // of somebody who asks to join
	Reason           string // why somebody is in the group, e.g. "invite_link"
	InitiatedBy      string // who removed somebody
	Participant      Person // who asks to join
	Added            []GroupParticipant
	Removed          []GroupParticipant
	Failed           []GroupParticipant // who could not be added or removed
	Settings         []GroupSetting
	Errors           []EventError // why it failed as a whole
}

// GroupParticipant is somebody who was, or was not, added or removed.
type GroupParticipant struct {
	Person Person
	Input  string // as it was given in the request
	Errors []EventError
}

// GroupSetting is one of a group's settings.
type GroupSetting struct {
	Name             string // "group_subject", "group_description" or "profile_picture"
	Text             string
	MIMEType, SHA256 string       // of the picture
	Updated          *bool        // nil when unknown
	Errors           []EventError // why it was not
}

// OnGroup sets the callback for changes to groups: those of
// [EventGroupLifecycle], [EventGroupParticipants], [EventGroupSettings] and
// [EventGroupStatus].
func (h *WebhookHandler) OnGroup(f func(context.Context, *GroupUpdate) error) { onData(h, f) }

func readGroupUpdate(r *jsonscan.Reader, g *GroupUpdate) {
	for name := range r.Fields() {
		switch string(name) {
		case "timestamp":
			g.Time = readTime(r)
		case "type":
			g.Type = r.Text()
		case "group_id":
			g.GroupID = r.Text()
		case "request_id":
			g.RequestID = r.Text()
		case "subject":
			g.Subject = r.Text()
		case "description":
			g.Description = r.Text()
		case "invite_link":
			g.InviteLink = r.Text()
		case "join_approval_mode":
			g.JoinApprovalMode = r.Text()
		case "join_request_id":
			g.JoinRequestID = r.Text()
		case "reason":
			g.Reason = r.Text()
		case "initiated_by":
			g.InitiatedBy = r.Text()
		case "added_participants":
			g.Added = jsonscan.Objects(r, readParticipant)
		case "removed_participants":
			g.Removed = jsonscan.Objects(r, readParticipant)
		case "failed_participants":
			g.Failed = jsonscan.Objects(r, readParticipant)
		case "group_subject", "group_description", "profile_picture":
			if s := jsonscan.Object(r, readGroupSetting); s != nil {
				s.Name = string(name)
				g.Settings = append(g.Settings, *s)
			}
		case "errors":
			g.Errors = readEventErrors(r)
		default:
			readPersonField(r, &g.Participant, name)
		}
	}
	g.Participant.settle()
}

func readParticipant(r *jsonscan.Reader, p *GroupParticipant) {
	for name := range r.Fields() {
		switch string(name) {
		case "input":
			p.Input = r.Text()
			p.Person.address(p.Input)
		case "errors":
			p.Errors = readEventErrors(r)
		default:
			readPersonField(r, &p.Person, name)
		}
	}
	p.Person.settle()
}

func readGroupSetting(r *jsonscan.Reader, s *GroupSetting) {
	for name := range r.Fields() {
		switch string(name) {
		case "text":
			s.Text = r.Text()
		case "mime_type":
			s.MIMEType = r.Text()
		case "sha256":
			s.SHA256 = r.Text()
		case "update_successful":
			s.Updated = r.OptionalBool()
		case "errors":
			s.Errors = readEventErrors(r)
		}
	}
}
