package kirim

// Every resource is decoded and encoded in the same way, so that nothing of
// it is lost. The methods cannot be shared, as an embedded one would not know
// the struct that it is embedded in.

func (r *Me) UnmarshalJSON(b []byte) error           { return decodeResource(b, r, &r.Extra, &r.blank) }
func (r *Organization) UnmarshalJSON(b []byte) error { return decodeResource(b, r, &r.Extra, &r.blank) }
func (r *APIKey) UnmarshalJSON(b []byte) error       { return decodeResource(b, r, &r.Extra, &r.blank) }
func (r *PlanLimits) UnmarshalJSON(b []byte) error   { return decodeResource(b, r, &r.Extra, &r.blank) }
func (r *Team) UnmarshalJSON(b []byte) error         { return decodeResource(b, r, &r.Extra, &r.blank) }
func (r *Account) UnmarshalJSON(b []byte) error      { return decodeResource(b, r, &r.Extra, &r.blank) }
func (r *AccountRef) UnmarshalJSON(b []byte) error   { return decodeResource(b, r, &r.Extra, &r.blank) }
func (r *CustomerRef) UnmarshalJSON(b []byte) error  { return decodeResource(b, r, &r.Extra, &r.blank) }
func (r *AcceptedMessage) UnmarshalJSON(b []byte) error {
	return decodeResource(b, r, &r.Extra, &r.blank)
}
func (r *ReadReceipt) UnmarshalJSON(b []byte) error { return decodeResource(b, r, &r.Extra, &r.blank) }
func (r *Message) UnmarshalJSON(b []byte) error     { return decodeResource(b, r, &r.Extra, &r.blank) }
func (r *MessageLocation) UnmarshalJSON(b []byte) error {
	return decodeResource(b, r, &r.Extra, &r.blank)
}
func (r *MessageContact) UnmarshalJSON(b []byte) error {
	return decodeResource(b, r, &r.Extra, &r.blank)
}
func (r *MessageInteractive) UnmarshalJSON(b []byte) error {
	return decodeResource(b, r, &r.Extra, &r.blank)
}
func (r *MessageReaction) UnmarshalJSON(b []byte) error {
	return decodeResource(b, r, &r.Extra, &r.blank)
}
func (r *MessageButton) UnmarshalJSON(b []byte) error {
	return decodeResource(b, r, &r.Extra, &r.blank)
}
func (r *MessageTemplate) UnmarshalJSON(b []byte) error {
	return decodeResource(b, r, &r.Extra, &r.blank)
}
func (r *TemplateSyncResult) UnmarshalJSON(b []byte) error {
	return decodeResource(b, r, &r.Extra, &r.blank)
}
func (r *TemplateComponent) UnmarshalJSON(b []byte) error {
	return decodeResource(b, r, &r.Extra, &r.blank)
}
func (r *TemplateExample) UnmarshalJSON(b []byte) error {
	return decodeResource(b, r, &r.Extra, &r.blank)
}
func (r *TemplateButton) UnmarshalJSON(b []byte) error {
	return decodeResource(b, r, &r.Extra, &r.blank)
}
func (r *TemplateApp) UnmarshalJSON(b []byte) error  { return decodeResource(b, r, &r.Extra, &r.blank) }
func (r *Conversation) UnmarshalJSON(b []byte) error { return decodeResource(b, r, &r.Extra, &r.blank) }
func (r *ContactRef) UnmarshalJSON(b []byte) error   { return decodeResource(b, r, &r.Extra, &r.blank) }
func (r *UserRef) UnmarshalJSON(b []byte) error      { return decodeResource(b, r, &r.Extra, &r.blank) }
func (r *Contact) UnmarshalJSON(b []byte) error      { return decodeResource(b, r, &r.Extra, &r.blank) }
func (r *BulkLabelResult) UnmarshalJSON(b []byte) error {
	return decodeResource(b, r, &r.Extra, &r.blank)
}
func (r *Label) UnmarshalJSON(b []byte) error { return decodeResource(b, r, &r.Extra, &r.blank) }
func (r *LabelAttachment) UnmarshalJSON(b []byte) error {
	return decodeResource(b, r, &r.Extra, &r.blank)
}
func (r *Customer) UnmarshalJSON(b []byte) error { return decodeResource(b, r, &r.Extra, &r.blank) }
func (r *CustomerAccount) UnmarshalJSON(b []byte) error {
	return decodeResource(b, r, &r.Extra, &r.blank)
}
func (r *SetupLink) UnmarshalJSON(b []byte) error { return decodeResource(b, r, &r.Extra, &r.blank) }
func (r *WebhookSubscription) UnmarshalJSON(b []byte) error {
	return decodeResource(b, r, &r.Extra, &r.blank)
}
func (r *SigningSecret) UnmarshalJSON(b []byte) error {
	return decodeResource(b, r, &r.Extra, &r.blank)
}
func (r *WebhookDelivery) UnmarshalJSON(b []byte) error {
	return decodeResource(b, r, &r.Extra, &r.blank)
}
func (r *BulkReplayResult) UnmarshalJSON(b []byte) error {
	return decodeResource(b, r, &r.Extra, &r.blank)
}

func (r Me) MarshalJSON() ([]byte, error)                 { return encodeResource(r, r.Extra, r.blank) }
func (r Organization) MarshalJSON() ([]byte, error)       { return encodeResource(r, r.Extra, r.blank) }
func (r APIKey) MarshalJSON() ([]byte, error)             { return encodeResource(r, r.Extra, r.blank) }
func (r PlanLimits) MarshalJSON() ([]byte, error)         { return encodeResource(r, r.Extra, r.blank) }
func (r Team) MarshalJSON() ([]byte, error)               { return encodeResource(r, r.Extra, r.blank) }
func (r Account) MarshalJSON() ([]byte, error)            { return encodeResource(r, r.Extra, r.blank) }
func (r AccountRef) MarshalJSON() ([]byte, error)         { return encodeResource(r, r.Extra, r.blank) }
func (r CustomerRef) MarshalJSON() ([]byte, error)        { return encodeResource(r, r.Extra, r.blank) }
func (r AcceptedMessage) MarshalJSON() ([]byte, error)    { return encodeResource(r, r.Extra, r.blank) }
func (r ReadReceipt) MarshalJSON() ([]byte, error)        { return encodeResource(r, r.Extra, r.blank) }
func (r Message) MarshalJSON() ([]byte, error)            { return encodeResource(r, r.Extra, r.blank) }
func (r MessageLocation) MarshalJSON() ([]byte, error)    { return encodeResource(r, r.Extra, r.blank) }
func (r MessageContact) MarshalJSON() ([]byte, error)     { return encodeResource(r, r.Extra, r.blank) }
func (r MessageInteractive) MarshalJSON() ([]byte, error) { return encodeResource(r, r.Extra, r.blank) }
func (r MessageReaction) MarshalJSON() ([]byte, error)    { return encodeResource(r, r.Extra, r.blank) }
func (r MessageButton) MarshalJSON() ([]byte, error)      { return encodeResource(r, r.Extra, r.blank) }
func (r MessageTemplate) MarshalJSON() ([]byte, error)    { return encodeResource(r, r.Extra, r.blank) }
func (r TemplateSyncResult) MarshalJSON() ([]byte, error) { return encodeResource(r, r.Extra, r.blank) }
func (r TemplateComponent) MarshalJSON() ([]byte, error)  { return encodeResource(r, r.Extra, r.blank) }
func (r TemplateExample) MarshalJSON() ([]byte, error)    { return encodeResource(r, r.Extra, r.blank) }
func (r TemplateButton) MarshalJSON() ([]byte, error)     { return encodeResource(r, r.Extra, r.blank) }
func (r TemplateApp) MarshalJSON() ([]byte, error)        { return encodeResource(r, r.Extra, r.blank) }
func (r Conversation) MarshalJSON() ([]byte, error)       { return encodeResource(r, r.Extra, r.blank) }
func (r ContactRef) MarshalJSON() ([]byte, error)         { return encodeResource(r, r.Extra, r.blank) }
func (r UserRef) MarshalJSON() ([]byte, error)            { return encodeResource(r, r.Extra, r.blank) }
func (r Contact) MarshalJSON() ([]byte, error)            { return encodeResource(r, r.Extra, r.blank) }
func (r BulkLabelResult) MarshalJSON() ([]byte, error)    { return encodeResource(r, r.Extra, r.blank) }
func (r Label) MarshalJSON() ([]byte, error)              { return encodeResource(r, r.Extra, r.blank) }
func (r LabelAttachment) MarshalJSON() ([]byte, error)    { return encodeResource(r, r.Extra, r.blank) }
func (r Customer) MarshalJSON() ([]byte, error)           { return encodeResource(r, r.Extra, r.blank) }
func (r CustomerAccount) MarshalJSON() ([]byte, error)    { return encodeResource(r, r.Extra, r.blank) }
func (r SetupLink) MarshalJSON() ([]byte, error)          { return encodeResource(r, r.Extra, r.blank) }
func (r WebhookSubscription) MarshalJSON() ([]byte, error) {
	return encodeResource(r, r.Extra, r.blank)
}
func (r SigningSecret) MarshalJSON() ([]byte, error)    { return encodeResource(r, r.Extra, r.blank) }
func (r WebhookDelivery) MarshalJSON() ([]byte, error)  { return encodeResource(r, r.Extra, r.blank) }
func (r BulkReplayResult) MarshalJSON() ([]byte, error) { return encodeResource(r, r.Extra, r.blank) }
