package kirim

import "time"

// Names of earlier versions. They stay until 1.0.

// WindowMemory is [WindowStore].
//
// Deprecated: use WindowStore.
type WindowMemory = WindowStore

// MemoryWindows is [MemoryWindowStore].
//
// Deprecated: use MemoryWindowStore.
type MemoryWindows = MemoryWindowStore

// TemplateComponent is [ComponentDefinition].
//
// Deprecated: use ComponentDefinition.
type TemplateComponent = ComponentDefinition

// TemplateButton is [ButtonDefinition].
//
// Deprecated: use ButtonDefinition.
type TemplateButton = ButtonDefinition

// TemplateProduct is [ProductItem].
//
// Deprecated: use ProductItem.
type TemplateProduct = ProductItem

// TemplateSection is [ProductSection].
//
// Deprecated: use ProductSection.
type TemplateSection = ProductSection

// WithWindowMemory is [WithWindowStore].
//
// Deprecated: use WithWindowStore.
func WithWindowMemory(store WindowStore) Option { return WithWindowStore(store) }

// WithWindows is [WithWebhookWindowStore].
//
// Deprecated: use WithWebhookWindowStore.
func WithWindows(store WindowStore) WebhookOption { return WithWebhookWindowStore(store) }

// NewMemoryWindows is [NewMemoryWindowStore].
//
// Deprecated: use NewMemoryWindowStore.
func NewMemoryWindows(size int) *MemoryWindowStore { return NewMemoryWindowStore(size) }

// SkipValidation is [WithoutRequestValidation].
//
// Deprecated: use WithoutRequestValidation.
func SkipValidation() RequestOption { return WithoutRequestValidation() }

// PreferTemplate is [WithTemplateFirst].
//
// Deprecated: use WithTemplateFirst.
func PreferTemplate() RequestOption { return WithTemplateFirst() }

// WaitFor is [WithWaitStatus].
//
// Deprecated: use WithWaitStatus.
func WaitFor(status MessageStatus) WaitOption { return WithWaitStatus(status) }

// HeaderText is [FillHeaderText].
//
// Deprecated: use FillHeaderText.
func HeaderText(value string) Component { return FillHeaderText(value) }

// HeaderImage is [FillHeaderImage].
//
// Deprecated: use FillHeaderImage.
func HeaderImage(link string) Component { return FillHeaderImage(link) }

// HeaderVideo is [FillHeaderVideo].
//
// Deprecated: use FillHeaderVideo.
func HeaderVideo(link string) Component { return FillHeaderVideo(link) }

// HeaderDocument is [FillHeaderDocument].
//
// Deprecated: use FillHeaderDocument.
func HeaderDocument(link, filename string) Component { return FillHeaderDocument(link, filename) }

// HeaderLocation is [FillHeaderLocation].
//
// Deprecated: use FillHeaderLocation.
func HeaderLocation(place TemplateLocation) Component { return FillHeaderLocation(place) }

// HeaderProduct is [FillHeaderProduct].
//
// Deprecated: use FillHeaderProduct.
func HeaderProduct(catalogID, retailerID string) Component {
	return FillHeaderProduct(catalogID, retailerID)
}

// BodyText is [FillBody].
//
// Deprecated: use FillBody.
func BodyText(values ...string) Component { return FillBody(values...) }

// BodyParameters is [FillBodyParameters].
//
// Deprecated: use FillBodyParameters.
func BodyParameters(params ...Parameter) Component { return FillBodyParameters(params...) }

// NamedText is [NamedTextParameter].
//
// Deprecated: use NamedTextParameter.
func NamedText(name, value string) Parameter { return NamedTextParameter(name, value) }

// FillURLButton is [ButtonURL].
//
// Deprecated: use ButtonURL.
func FillURLButton(index int, suffix string) Component { return ButtonURL(index, suffix) }

// FillQuickReplyButton is [ButtonQuickReply].
//
// Deprecated: use ButtonQuickReply.
func FillQuickReplyButton(index int, payload string) Component {
	return ButtonQuickReply(index, payload)
}

// FillCopyCodeButton is [ButtonCopyCode].
//
// Deprecated: use ButtonCopyCode.
func FillCopyCodeButton(index int, code string) Component { return ButtonCopyCode(index, code) }

// FillActionButton is [ButtonAction].
//
// Deprecated: use ButtonAction.
func FillActionButton(subType string, index int, action TemplateAction) Component {
	return ButtonAction(subType, index, action)
}

// URLButton is [ButtonURL].
//
// Deprecated: use ButtonURL.
func URLButton(index int, suffix string) Component { return ButtonURL(index, suffix) }

// QuickReplyButton is [ButtonQuickReply].
//
// Deprecated: use ButtonQuickReply.
func QuickReplyButton(index int, payload string) Component {
	return ButtonQuickReply(index, payload)
}

// CopyCodeButton is [ButtonCopyCode].
//
// Deprecated: use ButtonCopyCode.
func CopyCodeButton(index int, code string) Component { return ButtonCopyCode(index, code) }

// ActionButton is [ButtonAction].
//
// Deprecated: use ButtonAction.
func ActionButton(subType string, index int, action TemplateAction) Component {
	return ButtonAction(subType, index, action)
}

// OfferExpires is [FillLimitedTimeOffer].
//
// Deprecated: use FillLimitedTimeOffer.
func OfferExpires(at time.Time) Component { return FillLimitedTimeOffer(at) }

// TemplateCards is [FillCarousel].
//
// Deprecated: use FillCarousel.
func TemplateCards(cards ...[]Component) Component { return FillCarousel(cards...) }

// OneTimeCode is [FillOneTimeCode].
//
// Deprecated: use FillOneTimeCode.
func OneTimeCode(code string) []Component { return FillOneTimeCode(code) }

// TemplateHeaderText is [DefineHeaderText].
//
// Deprecated: use DefineHeaderText.
func TemplateHeaderText(text string, samples ...string) ComponentDefinition {
	return DefineHeaderText(text, samples...)
}

// TemplateHeaderMedia is [DefineHeaderMedia].
//
// Deprecated: use DefineHeaderMedia.
func TemplateHeaderMedia(media TemplateMedia, sample string) ComponentDefinition {
	return DefineHeaderMedia(media, sample)
}

// TemplateBody is [DefineBody].
//
// Deprecated: use DefineBody.
func TemplateBody(text string, samples ...string) ComponentDefinition {
	return DefineBody(text, samples...)
}

// TemplateFooter is [DefineFooter].
//
// Deprecated: use DefineFooter.
func TemplateFooter(text string) ComponentDefinition { return DefineFooter(text) }

// TemplateButtons is [DefineButtons].
//
// Deprecated: use DefineButtons.
func TemplateButtons(buttons ...ButtonDefinition) ComponentDefinition {
	return DefineButtons(buttons...)
}

// TemplateURLButton is [DefineURLButton].
//
// Deprecated: use DefineURLButton.
func TemplateURLButton(text, url string, samples ...string) ButtonDefinition {
	return DefineURLButton(text, url, samples...)
}

// TemplatePhoneButton is [DefinePhoneButton].
//
// Deprecated: use DefinePhoneButton.
func TemplatePhoneButton(text, phoneNumber string) ButtonDefinition {
	return DefinePhoneButton(text, phoneNumber)
}

// TemplateQuickReply is [DefineQuickReplyButton].
//
// Deprecated: use DefineQuickReplyButton.
func TemplateQuickReply(text string) ButtonDefinition { return DefineQuickReplyButton(text) }

// TemplateCopyCode is [DefineCopyCodeButton].
//
// Deprecated: use DefineCopyCodeButton.
func TemplateCopyCode(sample string) ButtonDefinition { return DefineCopyCodeButton(sample) }

// OneTimeCodeTemplate is [DefineOneTimeCode].
//
// Deprecated: use DefineOneTimeCode.
func OneTimeCodeTemplate(name, language string, params OneTimeCodeOptions) TemplateCreateParams {
	return DefineOneTimeCode(name, language, params)
}
