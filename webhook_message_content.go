package kirim

// orEmpty returns p, or a new empty value when there is none.
func orEmpty[T any](p *T) *T {
	if p == nil {
		return new(T)
	}
	return p
}

// settleContent gives a message the object that its type names, empty when
// Meta sent none, as it does when the content could not be read. Callbacks
// decide by the type, and the object is then safe to read.
func (m *InboundMessage) settleContent() {
	switch m.Type {
	case MessageTypeImage, MessageTypeVideo, MessageTypeAudio, MessageTypeDocument, MessageTypeSticker, MessageTypeVoice:
		m.Media = m.GetMedia()
	case MessageTypeLocation:
		m.Location = m.GetLocation()
	case MessageTypeReaction:
		m.Reaction = m.GetReaction()
	case MessageTypeButton:
		m.Button = m.GetButton()
	case MessageTypeInteractive:
		m.Interactive = m.GetInteractive()
	case MessageTypeOrder:
		m.Order = m.GetOrder()
	case MessageTypeSystem:
		m.System = m.GetSystem()
	case MessageTypeEdit:
		m.Edit = m.GetEdit()
	default: // its content is a text, a list or nothing
	}
	switch reply := m.Interactive; {
	case reply == nil:
	case reply.Type == "nfm_reply":
		reply.Flow = reply.GetFlow()
	case reply.Type == "call_permission_reply":
		reply.CallPermission = reply.GetCallPermission()
	}
	if m.System != nil && m.System.Type == "customer_identity_changed" {
		m.System.Identity = m.System.GetIdentity()
	}
	if m.Edit != nil {
		m.Edit.Message = m.Edit.GetMessage()
	}
}

// GetMedia returns Media, and an empty value when it is nil. Like the other
// Get methods of received events it may be called on nil.
func (m *InboundMessage) GetMedia() *InboundMedia { return orEmpty(orEmpty(m).Media) }

// GetLocation returns Location, and an empty value when it is nil.
func (m *InboundMessage) GetLocation() *InboundLocation { return orEmpty(orEmpty(m).Location) }

// GetReaction returns Reaction, and an empty value when it is nil.
func (m *InboundMessage) GetReaction() *InboundReaction { return orEmpty(orEmpty(m).Reaction) }

// GetButton returns Button, and an empty value when it is nil.
func (m *InboundMessage) GetButton() *InboundButton { return orEmpty(orEmpty(m).Button) }

// GetInteractive returns Interactive, and an empty value when it is nil.
func (m *InboundMessage) GetInteractive() *InboundReply { return orEmpty(orEmpty(m).Interactive) }

// GetOrder returns Order, and an empty value when it is nil.
func (m *InboundMessage) GetOrder() *InboundOrder { return orEmpty(orEmpty(m).Order) }

// GetSystem returns System, and an empty value when it is nil.
func (m *InboundMessage) GetSystem() *InboundSystem { return orEmpty(orEmpty(m).System) }

// GetEdit returns Edit, and an empty value when it is nil.
func (m *InboundMessage) GetEdit() *InboundEdit { return orEmpty(orEmpty(m).Edit) }

// GetContext returns Context, and an empty value when it is nil.
func (m *InboundMessage) GetContext() *InboundContext { return orEmpty(orEmpty(m).Context) }

// GetReferral returns Referral, and an empty value when it is nil.
func (m *InboundMessage) GetReferral() *Referral { return orEmpty(orEmpty(m).Referral) }

// GetIdentity returns Identity, and an empty value when it is nil.
func (m *InboundMessage) GetIdentity() *InboundIdentity { return orEmpty(orEmpty(m).Identity) }

// GetEnrichment returns Enrichment, and an empty value when it is nil.
func (m *InboundMessage) GetEnrichment() *Enrichment { return orEmpty(orEmpty(m).Enrichment) }

// GetEnrichment returns Enrichment, and an empty value when it is nil.
func (e *Event) GetEnrichment() *Enrichment { return orEmpty(orEmpty(e).Enrichment) }

// GetFlow returns Flow, and an empty value when it is nil.
func (i *InboundReply) GetFlow() *FlowReply { return orEmpty(orEmpty(i).Flow) }

// GetCallPermission returns CallPermission, and an empty value, which grants
// nothing, when it is nil.
func (i *InboundReply) GetCallPermission() *CallPermission {
	return orEmpty(orEmpty(i).CallPermission)
}

// GetMessage returns Message, and an empty value when it is nil.
func (e *InboundEdit) GetMessage() *InboundMessage { return orEmpty(orEmpty(e).Message) }

// GetIdentity returns Identity, and an empty value when it is nil.
func (s *InboundSystem) GetIdentity() *InboundIdentity { return orEmpty(orEmpty(s).Identity) }

// GetImage returns Image, and an empty value when it is nil.
func (f *Referral) GetImage() *InboundMedia { return orEmpty(orEmpty(f).Image) }

// GetVideo returns Video, and an empty value when it is nil.
func (f *Referral) GetVideo() *InboundMedia { return orEmpty(orEmpty(f).Video) }

// GetConversation returns Conversation, and an empty value when it is nil.
func (s *StatusUpdate) GetConversation() *BilledConversation {
	return orEmpty(orEmpty(s).Conversation)
}

// GetPricing returns Pricing, and an empty value when it is nil.
func (s *StatusUpdate) GetPricing() *Pricing { return orEmpty(orEmpty(s).Pricing) }

// GetEnrichment returns Enrichment, and an empty value when it is nil.
func (s *StatusUpdate) GetEnrichment() *Enrichment { return orEmpty(orEmpty(s).Enrichment) }

// GetTransaction returns Transaction, and an empty value when it is nil.
func (p *PaymentUpdate) GetTransaction() *PaymentTransaction {
	return orEmpty(orEmpty(p).Transaction)
}

// GetPartner returns Partner, and an empty value when it is nil.
func (a *AccountUpdate) GetPartner() *AccountPartner { return orEmpty(orEmpty(a).Partner) }

// GetSetupLink returns SetupLink, and an empty value when it is nil.
func (d *CustomerNotice) GetSetupLink() *SetupLink { return orEmpty(orEmpty(d).SetupLink) }

// GetPhoneNumber returns PhoneNumber, and an empty value when it is nil.
func (d *CustomerNotice) GetPhoneNumber() *CustomerAccount { return orEmpty(orEmpty(d).PhoneNumber) }
