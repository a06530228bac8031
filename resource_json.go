package kirim

// Every resource is decoded and encoded in the same way, so that nothing of
// it is lost. The methods cannot be shared, as an embedded one would not know
// the struct that it is embedded in.

// UnmarshalJSON implements [json.Unmarshaler] and loses nothing; see [Extra].
func (r *Me) UnmarshalJSON(b []byte) error { return decodeResource(b, r, &r.Extra, &r.blank) }

// UnmarshalJSON implements [json.Unmarshaler] and loses nothing; see [Extra].
func (r *Organization) UnmarshalJSON(b []byte) error { return decodeResource(b, r, &r.Extra, &r.blank) }

// UnmarshalJSON implements [json.Unmarshaler] and loses nothing; see [Extra].
func (r *APIKey) UnmarshalJSON(b []byte) error { return decodeResource(b, r, &r.Extra, &r.blank) }

// UnmarshalJSON implements [json.Unmarshaler] and loses nothing; see [Extra].
func (r *PlanLimits) UnmarshalJSON(b []byte) error { return decodeResource(b, r, &r.Extra, &r.blank) }

// UnmarshalJSON implements [json.Unmarshaler] and loses nothing; see [Extra].
func (r *Team) UnmarshalJSON(b []byte) error { return decodeResource(b, r, &r.Extra, &r.blank) }

// UnmarshalJSON implements [json.Unmarshaler] and loses nothing; see [Extra].
func (r *Account) UnmarshalJSON(b []byte) error { return decodeResource(b, r, &r.Extra, &r.blank) }

// UnmarshalJSON implements [json.Unmarshaler] and loses nothing; see [Extra].
func (r *AccountRef) UnmarshalJSON(b []byte) error { return decodeResource(b, r, &r.Extra, &r.blank) }

// UnmarshalJSON implements [json.Unmarshaler] and loses nothing; see [Extra].
func (r *CustomerRef) UnmarshalJSON(b []byte) error { return decodeResource(b, r, &r.Extra, &r.blank) }

// UnmarshalJSON implements [json.Unmarshaler] and loses nothing; see [Extra].
func (r *AcceptedMessage) UnmarshalJSON(b []byte) error {
	return decodeResource(b, r, &r.Extra, &r.blank)
}

// UnmarshalJSON implements [json.Unmarshaler] and loses nothing; see [Extra].
func (r *ReadReceipt) UnmarshalJSON(b []byte) error { return decodeResource(b, r, &r.Extra, &r.blank) }

// UnmarshalJSON implements [json.Unmarshaler] and loses nothing; see [Extra].
func (r *Message) UnmarshalJSON(b []byte) error { return decodeResource(b, r, &r.Extra, &r.blank) }

// UnmarshalJSON implements [json.Unmarshaler] and loses nothing; see [Extra].
func (r *MessageLocation) UnmarshalJSON(b []byte) error {
	return decodeResource(b, r, &r.Extra, &r.blank)
}

// UnmarshalJSON implements [json.Unmarshaler] and loses nothing; see [Extra].
func (r *MessageContact) UnmarshalJSON(b []byte) error {
	return decodeResource(b, r, &r.Extra, &r.blank)
}

// UnmarshalJSON implements [json.Unmarshaler] and loses nothing; see [Extra].
func (r *MessageInteractive) UnmarshalJSON(b []byte) error {
	return decodeResource(b, r, &r.Extra, &r.blank)
}

// UnmarshalJSON implements [json.Unmarshaler] and loses nothing; see [Extra].
func (r *MessageReaction) UnmarshalJSON(b []byte) error {
	return decodeResource(b, r, &r.Extra, &r.blank)
}

// UnmarshalJSON implements [json.Unmarshaler] and loses nothing; see [Extra].
func (r *MessageButton) UnmarshalJSON(b []byte) error {
	return decodeResource(b, r, &r.Extra, &r.blank)
}

// UnmarshalJSON implements [json.Unmarshaler] and loses nothing; see [Extra].
func (r *MessageTemplate) UnmarshalJSON(b []byte) error {
	return decodeResource(b, r, &r.Extra, &r.blank)
}

// UnmarshalJSON implements [json.Unmarshaler] and loses nothing; see [Extra].
func (r *TemplateSyncResult) UnmarshalJSON(b []byte) error {
	return decodeResource(b, r, &r.Extra, &r.blank)
}

// UnmarshalJSON implements [json.Unmarshaler] and loses nothing; see [Extra].
func (r *TemplateComponent) UnmarshalJSON(b []byte) error {
	return decodeResource(b, r, &r.Extra, &r.blank)
}

// UnmarshalJSON implements [json.Unmarshaler] and loses nothing; see [Extra].
func (r *TemplateExample) UnmarshalJSON(b []byte) error {
	return decodeResource(b, r, &r.Extra, &r.blank)
}

// UnmarshalJSON implements [json.Unmarshaler] and loses nothing; see [Extra].
func (r *TemplateButton) UnmarshalJSON(b []byte) error {
	return decodeResource(b, r, &r.Extra, &r.blank)
}

// UnmarshalJSON implements [json.Unmarshaler] and loses nothing; see [Extra].
func (r *TemplateApp) UnmarshalJSON(b []byte) error { return decodeResource(b, r, &r.Extra, &r.blank) }

// UnmarshalJSON implements [json.Unmarshaler] and loses nothing; see [Extra].
func (r *Conversation) UnmarshalJSON(b []byte) error { return decodeResource(b, r, &r.Extra, &r.blank) }

// UnmarshalJSON implements [json.Unmarshaler] and loses nothing; see [Extra].
func (r *ContactRef) UnmarshalJSON(b []byte) error { return decodeResource(b, r, &r.Extra, &r.blank) }

// UnmarshalJSON implements [json.Unmarshaler] and loses nothing; see [Extra].
func (r *UserRef) UnmarshalJSON(b []byte) error { return decodeResource(b, r, &r.Extra, &r.blank) }

// UnmarshalJSON implements [json.Unmarshaler] and loses nothing; see [Extra].
func (r *Contact) UnmarshalJSON(b []byte) error { return decodeResource(b, r, &r.Extra, &r.blank) }

// UnmarshalJSON implements [json.Unmarshaler] and loses nothing; see [Extra].
func (r *BulkLabelResult) UnmarshalJSON(b []byte) error {
	return decodeResource(b, r, &r.Extra, &r.blank)
}

// UnmarshalJSON implements [json.Unmarshaler] and loses nothing; see [Extra].
func (r *Label) UnmarshalJSON(b []byte) error { return decodeResource(b, r, &r.Extra, &r.blank) }

// UnmarshalJSON implements [json.Unmarshaler] and loses nothing; see [Extra].
func (r *LabelAttachment) UnmarshalJSON(b []byte) error {
	return decodeResource(b, r, &r.Extra, &r.blank)
}

// UnmarshalJSON implements [json.Unmarshaler] and loses nothing; see [Extra].
func (r *Customer) UnmarshalJSON(b []byte) error { return decodeResource(b, r, &r.Extra, &r.blank) }

// UnmarshalJSON implements [json.Unmarshaler] and loses nothing; see [Extra].
func (r *CustomerAccount) UnmarshalJSON(b []byte) error {
	return decodeResource(b, r, &r.Extra, &r.blank)
}

// UnmarshalJSON implements [json.Unmarshaler] and loses nothing; see [Extra].
func (r *SetupLink) UnmarshalJSON(b []byte) error { return decodeResource(b, r, &r.Extra, &r.blank) }

// UnmarshalJSON implements [json.Unmarshaler] and loses nothing; see [Extra].
func (r *WebhookSubscription) UnmarshalJSON(b []byte) error {
	return decodeResource(b, r, &r.Extra, &r.blank)
}

// UnmarshalJSON implements [json.Unmarshaler] and loses nothing; see [Extra].
func (r *SigningSecret) UnmarshalJSON(b []byte) error {
	return decodeResource(b, r, &r.Extra, &r.blank)
}

// UnmarshalJSON implements [json.Unmarshaler] and loses nothing; see [Extra].
func (r *WebhookDelivery) UnmarshalJSON(b []byte) error {
	return decodeResource(b, r, &r.Extra, &r.blank)
}

// UnmarshalJSON implements [json.Unmarshaler] and loses nothing; see [Extra].
func (r *BulkReplayResult) UnmarshalJSON(b []byte) error {
	return decodeResource(b, r, &r.Extra, &r.blank)
}

// MarshalJSON implements [json.Marshaler] and writes Extra back.
func (r Me) MarshalJSON() ([]byte, error) { return encodeResource(r, r.Extra, r.blank) }

// MarshalJSON implements [json.Marshaler] and writes Extra back.
func (r Organization) MarshalJSON() ([]byte, error) { return encodeResource(r, r.Extra, r.blank) }

// MarshalJSON implements [json.Marshaler] and writes Extra back.
func (r APIKey) MarshalJSON() ([]byte, error) { return encodeResource(r, r.Extra, r.blank) }

// MarshalJSON implements [json.Marshaler] and writes Extra back.
func (r PlanLimits) MarshalJSON() ([]byte, error) { return encodeResource(r, r.Extra, r.blank) }

// MarshalJSON implements [json.Marshaler] and writes Extra back.
func (r Team) MarshalJSON() ([]byte, error) { return encodeResource(r, r.Extra, r.blank) }

// MarshalJSON implements [json.Marshaler] and writes Extra back.
func (r Account) MarshalJSON() ([]byte, error) { return encodeResource(r, r.Extra, r.blank) }

// MarshalJSON implements [json.Marshaler] and writes Extra back.
func (r AccountRef) MarshalJSON() ([]byte, error) { return encodeResource(r, r.Extra, r.blank) }

// MarshalJSON implements [json.Marshaler] and writes Extra back.
func (r CustomerRef) MarshalJSON() ([]byte, error) { return encodeResource(r, r.Extra, r.blank) }

// MarshalJSON implements [json.Marshaler] and writes Extra back.
func (r AcceptedMessage) MarshalJSON() ([]byte, error) { return encodeResource(r, r.Extra, r.blank) }

// MarshalJSON implements [json.Marshaler] and writes Extra back.
func (r ReadReceipt) MarshalJSON() ([]byte, error) { return encodeResource(r, r.Extra, r.blank) }

// MarshalJSON implements [json.Marshaler] and writes Extra back.
func (r Message) MarshalJSON() ([]byte, error) { return encodeResource(r, r.Extra, r.blank) }

// MarshalJSON implements [json.Marshaler] and writes Extra back.
func (r MessageLocation) MarshalJSON() ([]byte, error) { return encodeResource(r, r.Extra, r.blank) }

// MarshalJSON implements [json.Marshaler] and writes Extra back.
func (r MessageContact) MarshalJSON() ([]byte, error) { return encodeResource(r, r.Extra, r.blank) }

// MarshalJSON implements [json.Marshaler] and writes Extra back.
func (r MessageInteractive) MarshalJSON() ([]byte, error) { return encodeResource(r, r.Extra, r.blank) }

// MarshalJSON implements [json.Marshaler] and writes Extra back.
func (r MessageReaction) MarshalJSON() ([]byte, error) { return encodeResource(r, r.Extra, r.blank) }

// MarshalJSON implements [json.Marshaler] and writes Extra back.
func (r MessageButton) MarshalJSON() ([]byte, error) { return encodeResource(r, r.Extra, r.blank) }

// MarshalJSON implements [json.Marshaler] and writes Extra back.
func (r MessageTemplate) MarshalJSON() ([]byte, error) { return encodeResource(r, r.Extra, r.blank) }

// MarshalJSON implements [json.Marshaler] and writes Extra back.
func (r TemplateSyncResult) MarshalJSON() ([]byte, error) { return encodeResource(r, r.Extra, r.blank) }

// MarshalJSON implements [json.Marshaler] and writes Extra back.
func (r TemplateComponent) MarshalJSON() ([]byte, error) { return encodeResource(r, r.Extra, r.blank) }

// MarshalJSON implements [json.Marshaler] and writes Extra back.
func (r TemplateExample) MarshalJSON() ([]byte, error) { return encodeResource(r, r.Extra, r.blank) }

// MarshalJSON implements [json.Marshaler] and writes Extra back.
func (r TemplateButton) MarshalJSON() ([]byte, error) { return encodeResource(r, r.Extra, r.blank) }

// MarshalJSON implements [json.Marshaler] and writes Extra back.
func (r TemplateApp) MarshalJSON() ([]byte, error) { return encodeResource(r, r.Extra, r.blank) }

// MarshalJSON implements [json.Marshaler] and writes Extra back.
func (r Conversation) MarshalJSON() ([]byte, error) { return encodeResource(r, r.Extra, r.blank) }

// MarshalJSON implements [json.Marshaler] and writes Extra back.
func (r ContactRef) MarshalJSON() ([]byte, error) { return encodeResource(r, r.Extra, r.blank) }

// MarshalJSON implements [json.Marshaler] and writes Extra back.
func (r UserRef) MarshalJSON() ([]byte, error) { return encodeResource(r, r.Extra, r.blank) }

// MarshalJSON implements [json.Marshaler] and writes Extra back.
func (r Contact) MarshalJSON() ([]byte, error) { return encodeResource(r, r.Extra, r.blank) }

// MarshalJSON implements [json.Marshaler] and writes Extra back.
func (r BulkLabelResult) MarshalJSON() ([]byte, error) { return encodeResource(r, r.Extra, r.blank) }

// MarshalJSON implements [json.Marshaler] and writes Extra back.
func (r Label) MarshalJSON() ([]byte, error) { return encodeResource(r, r.Extra, r.blank) }

// MarshalJSON implements [json.Marshaler] and writes Extra back.
func (r LabelAttachment) MarshalJSON() ([]byte, error) { return encodeResource(r, r.Extra, r.blank) }

// MarshalJSON implements [json.Marshaler] and writes Extra back.
func (r Customer) MarshalJSON() ([]byte, error) { return encodeResource(r, r.Extra, r.blank) }

// MarshalJSON implements [json.Marshaler] and writes Extra back.
func (r CustomerAccount) MarshalJSON() ([]byte, error) { return encodeResource(r, r.Extra, r.blank) }

// MarshalJSON implements [json.Marshaler] and writes Extra back.
func (r SetupLink) MarshalJSON() ([]byte, error) { return encodeResource(r, r.Extra, r.blank) }

// MarshalJSON implements [json.Marshaler] and writes Extra back.
func (r WebhookSubscription) MarshalJSON() ([]byte, error) {
	return encodeResource(r, r.Extra, r.blank)
}

// MarshalJSON implements [json.Marshaler] and writes Extra back.
func (r SigningSecret) MarshalJSON() ([]byte, error) { return encodeResource(r, r.Extra, r.blank) }

// MarshalJSON implements [json.Marshaler] and writes Extra back.
func (r WebhookDelivery) MarshalJSON() ([]byte, error) { return encodeResource(r, r.Extra, r.blank) }

// MarshalJSON implements [json.Marshaler] and writes Extra back.
func (r BulkReplayResult) MarshalJSON() ([]byte, error) { return encodeResource(r, r.Extra, r.blank) }
