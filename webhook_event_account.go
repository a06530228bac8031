package kirim

import (
	"context"
	"time"

	"github.com/kirim-go/kirim/internal/jsonscan"
)

// AccountUpdate reports a change to a WhatsApp Business Account: that it was
// restricted, disabled or deleted, or that a partner got or lost access. What
// belongs to another event is empty; what has no field is in Raw.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/account_update
type AccountUpdate struct {
	MetaChange
	Event         string // "DISABLED_UPDATE", "ACCOUNT_RESTRICTION", "ACCOUNT_DELETED" …; an open set
	PhoneNumber   string // digits; of the events that are about one number
	Country       string // ISO, two letters: where the business is
	ViolationType string // policy that was violated, e.g. "SCAM"
	BanState      string // "DISABLE", "SCHEDULE_FOR_DISABLE" or "REINSTATE"
	BanDate       string // as it was written, e.g. "April 17, 2025"
	Restrictions  []AccountRestriction
	Partner       *AccountPartner // of PARTNER_… and similar events
	// DisconnectionReason is why a partner was removed.
	DisconnectionReason string
	// CertificationStatus is of the partner-led verification of the business.
	CertificationStatus string
	RejectionReasons    []string // of the verification
}

// AccountRestriction is what an account must not do for a while.
type AccountRestriction struct {
	Type      string    // e.g. "RESTRICTED_BIZ_INITIATED_MESSAGING"
	ExpiresAt time.Time // zero when unknown
}

// AccountPartner is the account that was shared, and with whom.
type AccountPartner struct {
	BusinessAccountID  string // WhatsApp Business Account that it is about
	OwnerBusinessID    string
	AppID              string
	SolutionID         string
	PartnerBusinessIDs []string
	AdAccountID        string
}

// PhoneNumberQualityUpdate reports a change to the messaging limit or the
// throughput of a number. The number is in DisplayPhoneNumber; its id is not
// told.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/phone_number_quality_update
type PhoneNumberQualityUpdate struct {
	MetaChange
	Event string // "THROUGHPUT_UPGRADE", "ONBOARDING", formerly "FLAGGED" …; an open set
	// MaxDailyConversations is the messaging limit, e.g. "TIER_2K", of the
	// whole business. It replaces CurrentLimit and OldLimit, whose removal
	// Meta announced for February 2026.
	MaxDailyConversations  string
	CurrentLimit, OldLimit string
}

// OnAccountUpdate sets the callback for [EventAccountUpdate].
func (h *WebhookHandler) OnAccountUpdate(f func(context.Context, *AccountUpdate) error) {
	onData(h, f)
}

// OnPhoneNumberQuality sets the callback for [EventPhoneNumberQuality].
func (h *WebhookHandler) OnPhoneNumberQuality(f func(context.Context, *PhoneNumberQualityUpdate) error) {
	onData(h, f)
}

func readAccountUpdate(r *jsonscan.Reader, a *AccountUpdate) {
	for name := range r.Fields() {
		switch string(name) {
		case "event":
			a.Event = r.Text()
		case "phone_number":
			a.PhoneNumber = digitsOf(r.Text())
		case "country":
			a.Country = r.Text()
		case "violation_info":
			a.ViolationType = r.Member("violation_type")
		case "ban_info":
			r.Texts(map[string]*string{"waba_ban_state": &a.BanState, "waba_ban_date": &a.BanDate})
		case "restriction_info":
			a.Restrictions = jsonscan.Objects(r, readRestriction)
		case "waba_info":
			a.Partner = jsonscan.Object(r, readAccountPartner)
		case "disconnection_info":
			a.DisconnectionReason = r.Member("reason")
		case "partner_client_certification_info":
			for name := range r.Fields() {
				switch string(name) {
				case "status":
					a.CertificationStatus = r.Text()
				case "rejection_reasons":
					a.RejectionReasons = r.Words()
				}
			}
		}
	}
}

func readRestriction(r *jsonscan.Reader, a *AccountRestriction) {
	for name := range r.Fields() {
		switch string(name) {
		case "restriction_type":
			a.Type = r.Text()
		case "expiration":
			a.ExpiresAt = readTime(r)
		}
	}
}

func readAccountPartner(r *jsonscan.Reader, p *AccountPartner) {
	for name := range r.Fields() {
		switch string(name) {
		case "waba_id":
			p.BusinessAccountID = r.Text()
		case "owner_business_id":
			p.OwnerBusinessID = r.Text()
		case "partner_app_id":
			p.AppID = r.Text()
		case "solution_id":
			p.SolutionID = r.Text()
		case "solution_partner_business_ids":
			p.PartnerBusinessIDs = r.Words()
		case "ad_account_linked":
			p.AdAccountID = r.Text()
		}
	}
}

func readPhoneNumberQuality(r *jsonscan.Reader, p *PhoneNumberQualityUpdate) {
	for name := range r.Fields() {
		switch string(name) {
		case "display_phone_number":
			p.DisplayPhoneNumber = digitsOf(r.Text())
		case "event":
			p.Event = r.Text()
		case "current_limit":
			p.CurrentLimit = r.Text()
		case "old_limit":
			p.OldLimit = r.Text()
		case "max_daily_conversations_per_business":
			p.MaxDailyConversations = r.Text()
		}
	}
}
