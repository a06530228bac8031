package templates

//go:generate go test . -run TestThePageOfTheRulesIsTrue -update-rules

// The pages that have the rules.
const (
	docsMeta         = "https://developers.facebook.com/documentation/business-messaging/whatsapp/"
	docsOverview     = docsMeta + "templates/overview"
	docsComponents   = docsMeta + "templates/components"
	docsReview       = docsMeta + "templates/template-review"
	docsLanguages    = docsMeta + "templates/supported-languages"
	docsTTL          = docsMeta + "templates/time-to-live"
	docsAuth         = docsMeta + "templates/authentication-templates/authentication-templates"
	docsOneTap       = docsMeta + "templates/authentication-templates/autofill-button-authentication-templates"
	docsZeroTap      = docsMeta + "templates/authentication-templates/zero-tap-authentication-templates"
	docsCoupon       = docsMeta + "templates/marketing-templates/coupon-templates"
	docsOffer        = docsMeta + "templates/marketing-templates/limited-time-offer-templates"
	docsMediaCards   = docsMeta + "templates/marketing-templates/media-card-carousel-templates"
	docsProductCards = docsMeta + "catalogs/product-card-carousel-template-messages"
	docsProduct      = docsMeta + "catalogs/spm-template-messages"
	docsCatalog      = docsMeta + "catalogs/catalog-template-messages"
	docsFlow         = docsMeta + "flows/guides/flows-templates"
	docsCall         = docsMeta + "calling/call-button-messages-deep-links"
	docsErrors       = docsMeta + "support/error-codes"
	docsKirim        = "https://docs.kirimdev.com/sending/create-templates/"
	docsFormat       = "https://pkg.go.dev/github.com/kirim-go/kirim/templates#File"
	docsTwilio       = "https://www.twilio.com/docs/content/using-variables-with-content-api"
)

var rules = func() []Rule {
	const e, w = SeverityError, SeverityWarning
	return []Rule{
		// The file.
		{"syntax", e, "The file is not YAML or JSON of the form that this package reads.", docsFormat, false},
		{"name", e, "The name is not 1 to 512 lower-case letters, digits and underscores.", docsOverview, false},
		{"category", e, "The category is missing, or none of marketing, utility and authentication.", docsOverview, false},
		{"parameter-format", e, "The format is neither positional nor named.", docsOverview, false},
		{"time-to-live", e, "`ttl_seconds` is outside of 30–900 for authentication, 30–43200 for utility or 43200–2592000 for marketing; -1, which is 30 days, is for the first two.", docsTTL, false},
		{"languages", e, "The file has no language.", docsOverview, false},
		{"language-code", w, "Meta's list does not have this language code. The list grows.", docsLanguages, false},
		{"unknown-mark", e, "`unknown` says that something was not known when the file was pulled. Fill it in and remove the mark.", docsFormat, false},
		{"same-template", e, "Two files have the same name and a language in common.", docsCoupon, false},
		{"name-in-two-files", w, "Two files have the same name. One file holds all languages of a template.", "", false},
		{"duplicate-content", w, "Another template has the same body and footer in the same language; Meta rejects the second one. Templates for authentication are exempt.", docsReview, false},

		// Parameters, variables and samples.
		{"parameter-name", e, "The name of a parameter has other characters than lower-case letters, digits and underscores; in the format named, than lower-case letters and underscores.", docsOverview, false},
		{"undeclared-variable", e, "A text has a variable that `parameters` lacks.", docsFormat, false},
		{"unused-parameter", w, "No language uses a parameter.", "", false},
		{"unknown-sample", w, "`samples` of a language name a parameter that `parameters` lacks.", "", false},
		{"sample-missing", e, "A variable, or a coupon, has no sample.", docsOverview, false},
		{"sample-characters", w, "A sample has a newline, a tab or more than 4 spaces in a row. This is a rule for values: Meta refuses a message whose parameters have these.", docsErrors, true},
		{"malformed-variable", e, "Braces do not match, or stand around what is not the name of a variable.", docsReview, false},
		{"variable-format", e, "Components have numbers where the format is named, or names where it is positional.", docsOverview, false},
		{"variable-number", e, "The numbers of variables in components do not count from 1 without gaps.", docsOverview, false},
		{"variable-order", w, "Variables are not in the order of their numbers, which for a text is that of `parameters`. Meta lists variables that are not sequential as a reason to reject, without saying whether gaps or the order are meant.", docsReview, true},
		{"variable-at-edge", e, "The body starts or ends with a variable.", docsReview, false},
		{"variable-near-edge", w, "Nothing but punctuation stands before the first or after the last variable of the body. Meta was seen to treat that as the start or end, while an example of its own ends so.", docsReview, true},
		{"adjacent-variables", w, "Nothing but spaces stands between two variables of the body.", docsTwilio, true},
		{"too-many-variables", w, "The body has fewer than two words of text for each variable. Meta rejects too many variables for the length (2388293) and documents no formula.", docsReview, true},

		// Texts.
		{"components-only", e, "A language has `components` and members that these stand in for.", docsFormat, false},
		{"component-shape", e, "A member of components is not of the type that the API has.", docsComponents, false},
		{"component-repeated", e, "There are two components of one type.", docsComponents, false},
		{"component-type", w, "The type of a component, or the format of a header, is not known.", docsComponents, false},
		{"header-choice", e, "A header has no content, or more than one.", docsComponents, false},
		{"header-length", e, "The header has more than 60 characters.", docsComponents, false},
		{"header-variables", e, "The header has more than one variable.", docsComponents, false},
		{"header-markup", e, "The header has a character of Markdown: an asterisk, an underscore, a tilde or a backtick.", docsComponents, false},
		{"header-characters", w, "The header has a newline or an emoji.", "", true},
		{"body-missing", e, "There is no body, and the template is not for authentication.", docsComponents, false},
		{"body-length", e, "The body has more than 1024 characters.", docsComponents, false},
		{"footer-length", e, "The footer has more than 60 characters.", docsComponents, false},
		{"footer-variable", e, "The footer has a variable.", docsComponents, false},
		{"footer-characters", w, "The footer has a newline or an emoji.", "", true},
		{"media-choice", e, "Media have more than one of `url`, `handle` and `file`.", docsFormat, false},
		{"media-sample", e, "A header of media has no sample.", docsOverview, false},
		{"media-link", e, "The link of a sample is not https, or its host is not public. Kirim fetches it.", docsKirim, false},
		{"media-type", e, "The sample of an image is neither JPEG nor PNG, by its name.", docsKirim, false},

		// Buttons.
		{"button-count", e, "There are more than 10 buttons.", docsComponents, false},
		{"button-limit", e, "There are more than 2 buttons of type url, or more than 1 of type phone_number or copy_code.", docsComponents, false},
		{"button-single", w, "There is more than one button of type flow, catalog, mpm, spm or voice_call.", "", true},
		{"button-order", e, "Quick replies do not stand together, before or after all other buttons.", docsComponents, false},
		{"button-type", w, "The type of a button is not known, and the button not checked.", docsComponents, false},
		{"button-required", e, "A button lacks a member that its type needs.", docsComponents, false},
		{"button-member", e, "A button has a member that does not belong to its type.", docsComponents, false},
		{"button-category", w, "A button of type copy_code, catalog, mpm or spm is in a template that is not marketing.", docsCatalog, true},
		{"button-duplicate", w, "Two buttons have the same text.", "", true},
		{"button-text-length", e, "The text of a button has more than 25 characters.", docsComponents, false},
		{"button-text-characters", w, "The text of a button has a newline, an emoji or markup.", docsCoupon, true},
		{"button-variable", e, "The text or the phone number of a button has a variable.", docsComponents, false},
		{"url-length", e, "The URL of a button has more than 2000 characters.", docsComponents, false},
		{"url-form", e, "The URL of a button is not one of a website: it lacks http or https, or a host, or has spaces.", docsComponents, false},
		{"url-variable", e, "The URL of a button has more than one variable, or one that is not at its end.", docsComponents, false},
		{"phone-number-length", e, "The phone number of a button has more than 20 characters.", docsComponents, false},
		{"coupon-form", e, "`code` is not one variable, such as {{coupon}}.", docsFormat, false},
		{"coupon-length", e, "The sample of a coupon has more than 20 characters.", docsComponents, false},
		{"flow-choice", e, "A button of type flow has not exactly one of `flow_id`, `flow_name` and `flow_json`.", docsFlow, false},
		{"flow-action", e, "`flow_action` is neither navigate nor data_exchange.", docsFlow, false},
		{"flow-screen", e, "`flow_action` is navigate, and the first screen is missing.", docsFlow, false},
		{"flow-json", e, "`flow_json` is not JSON.", docsFlow, false},
		{"call-minutes", e, "`ttl_minutes` is not 1 to 43200.", docsCall, false},

		// Authentication.
		{"auth-text", e, "A template for authentication has a header, or a text of its own. Meta writes its texts.", docsAuth, false},
		{"auth-button", e, "A template for authentication has not exactly one button, of type otp.", docsAuth, false},
		{"auth-only", e, "`security_recommendation`, `code_expiration_minutes` or a button of type otp is in a template that is not for authentication.", docsAuth, false},
		{"auth-expiration", e, "`code_expiration_minutes` is not 1 to 90.", docsAuth, false},
		{"otp-type", e, "`otp_type` is none of copy_code, one_tap and zero_tap.", docsAuth, false},
		{"otp-apps", e, "A button of otp_type one_tap or zero_tap has no app, or more than 5.", docsOneTap, false},
		{"otp-terms", e, "A button of otp_type zero_tap does not accept Meta's terms.", docsZeroTap, false},
		{"autofill-length", e, "`autofill_text` has more than 25 characters.", docsOneTap, false},
		{"package-name", e, "A package name has more than 224 characters, fewer than two segments, or a segment that does not start with a letter or has other characters than letters, digits and underscores.", docsOneTap, false},
		{"signature-hash", e, "A signature hash is not exactly 11 letters, digits, +, / and =.", docsOneTap, false},

		// Offers and carousels.
		{"offer-category", e, "A limited-time offer is in a template that is not marketing.", docsOffer, false},
		{"offer-text", e, "The title of an offer is not 1 to 16 characters.", docsOffer, false},
		{"offer-header", e, "The header of an offer is neither an image nor a video.", docsOffer, false},
		{"offer-footer", e, "An offer has a footer.", docsOffer, false},
		{"offer-body-length", e, "The body of an offer has more than 600 characters.", docsOffer, false},
		{"offer-buttons", e, "The copy_code button of an offer is not the first.", docsOffer, false},
		{"offer-url", w, "An offer has no button of type url. Meta lists one as required, in one place.", docsOffer, true},
		{"offer-coupon-length", w, "The coupon of an offer has more than 15 characters. One page says 15, another 20.", docsOffer, true},
		{"carousel-category", e, "A carousel is in a template that is not marketing.", docsMediaCards, false},
		{"carousel-cards", e, "A carousel has fewer than 2 cards or more than 10.", docsMediaCards, false},
		{"carousel-parts", w, "A carousel has a header, a footer, an offer or buttons outside of its cards. Meta's page has a body only.", docsMediaCards, true},
		{"carousel-same", e, "The cards differ in the kind of their header, in whether they have a body, or in their buttons.", docsMediaCards, false},
		{"card-header", e, "The header of a card is neither an image, nor a video, nor a product.", docsMediaCards, false},
		{"card-body-length", e, "The body of a card, or of a template with a product in its header, has more than 160 characters.", docsProduct, false},
		{"card-buttons", e, "A card has more than 2 buttons; one with a product, other than 1.", docsMediaCards, false},
		{"card-button-type", e, "A button of a card is none of quick_reply, url and phone_number; on one with a product, none of spm and url.", docsMediaCards, false},
		{"product-cards", w, "A carousel of products has more than 2 cards. Meta asks for 2, with which a message may have up to 10.", docsProductCards, false},

		// Languages beside each other.
		{"language-parameters", w, "A language lacks a variable that another one has.", "", false},
		{"language-header", w, "Languages differ in the kind of their header.", "", false},
		{"language-buttons", w, "Languages differ in their buttons or cards.", "", false},
	}
}()

var rulesByID = func() map[string]Rule {
	byID := make(map[string]Rule, len(rules))
	for _, r := range rules {
		byID[r.ID] = r
	}
	return byID
}()
