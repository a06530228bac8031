package kirim

// Product is one product of a catalogue, with a text. Kirim does not document
// it.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/catalogs/sell-products-and-services/share-products
type Product struct {
	// Body is optional and has at most 1024 characters.
	Body string
	// Footer is optional and has at most 60 characters.
	Footer string
	// CatalogID and RetailerID name the product. Both are required.
	CatalogID, RetailerID string
}

// ProductList offers up to 30 products of a catalogue. The reply is an
// [InboundOrder]. Kirim does not document it.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/catalogs/sell-products-and-services/share-products
type ProductList struct {
	// Header is a text and required.
	Header Header
	// Body has 1 to 1024 characters.
	Body string
	// Footer is optional and has at most 60 characters.
	Footer string
	// CatalogID names the catalogue. It is required.
	CatalogID string
	// Sections are 1 to 10, with at most 30 products over all of them. Each
	// needs a title when there are several.
	Sections []ProductSection
}

// Catalog is a text with a button that opens the whole catalogue. Kirim does not
// document it.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/catalogs/sell-products-and-services/share-products
type Catalog struct {
	// Body has 1 to 1024 characters.
	Body string
	// Footer is optional and has at most 60 characters.
	Footer string
	// ThumbnailID is the retailer id of the product whose picture is shown. It is
	// optional; without it that of the first product is shown.
	ThumbnailID string
}

// ProductSection is a group of products in a [ProductList], and behind the mpm
// button of a template.
type ProductSection struct {
	// Title has at most 24 characters.
	Title string `json:"title,omitempty"`
	// Products are one or more, each with its RetailerID alone.
	Products []ProductItem `json:"product_items"`
}

// ProductItem names a product of a catalogue.
type ProductItem struct {
	// CatalogID is for the header of a template and for a [ProductCarousel],
	// where it is required.
	CatalogID string `json:"catalog_id,omitempty"`
	// RetailerID is the id that the business gave the product, its SKU. It is
	// required.
	RetailerID string `json:"product_retailer_id"`
}

const (
	kindProduct     = "product"
	kindProductList = "product_list"
	kindCatalog     = "catalog_message"
)

type wireProductList struct {
	CatalogID string           `json:"catalog_id"`
	Sections  []ProductSection `json:"sections,omitzero"`
}

type wireCatalog struct {
	ThumbnailID string `json:"thumbnail_product_retailer_id,omitempty"`
}

func (c Product) kind() string     { return "interactive/" + kindProduct }
func (c ProductList) kind() string { return "interactive/" + kindProductList }
func (c Catalog) kind() string     { return "interactive/" + kindCatalog }

func (c Product) object(dialect) (any, error) {
	return &wireInteractive[ProductItem]{
		Type: kindProduct, Body: optionalText(c.Body), Footer: optionalText(c.Footer),
		Action: &ProductItem{c.CatalogID, c.RetailerID},
	}, nil
}

func (Product) typed(w *wireInteractive[ProductItem]) Product {
	item := valueOf(w.Action)
	return Product{Body: w.Body.typed(), Footer: w.Footer.typed(), CatalogID: item.CatalogID, RetailerID: item.RetailerID}
}

func (c ProductList) object(dialect) (any, error) {
	return &wireInteractive[wireProductList]{
		Type: kindProductList, Header: c.Header.wire(), Body: &wireText{c.Body}, Footer: optionalText(c.Footer),
		Action: &wireProductList{c.CatalogID, c.Sections},
	}, nil
}

func (ProductList) typed(w *wireInteractive[wireProductList]) ProductList {
	action := valueOf(w.Action)
	return ProductList{
		Header: w.Header.typed(), Body: w.Body.typed(), Footer: w.Footer.typed(), CatalogID: action.CatalogID, Sections: action.Sections,
	}
}

func (c Catalog) object(dialect) (any, error) {
	action := &wireNamed[wireCatalog]{Name: kindCatalog}
	if c.ThumbnailID != "" {
		action.Parameters = &wireCatalog{c.ThumbnailID}
	}
	return &wireInteractive[wireNamed[wireCatalog]]{
		Type: kindCatalog, Body: &wireText{c.Body}, Footer: optionalText(c.Footer), Action: action,
	}, nil
}

func (Catalog) typed(w *wireInteractive[wireNamed[wireCatalog]]) Catalog {
	return Catalog{
		Body: w.Body.typed(), Footer: w.Footer.typed(), ThumbnailID: valueOf(valueOf(w.Action).Parameters).ThumbnailID,
	}
}

func (c Product) check(found *checker) {
	found.text(interactivePath+".body.text", c.Body, limitOptionalBody)
	found.text(interactivePath+".footer.text", c.Footer, limitFooter)
	ProductItem{c.CatalogID, c.RetailerID}.check(found, interactivePath+".action")
}

func (c ProductList) check(found *checker) {
	path := interactivePath + ".header"
	c.Header.check(found, path)
	if c.Header.kind() != "text" {
		found.add(path, "a text", "none")
	}
	found.bodyAndFooter(c.Body, c.Footer)
	found.text(interactivePath+".action.catalog_id", c.CatalogID, limitRequired)
	path = interactivePath + ".action.sections"
	found.count(path, len(c.Sections), limitSections)
	found.products(path, c.Sections)
	if len(c.Sections) > 1 {
		for i, section := range c.Sections {
			if section.Title == "" {
				found.text(atIndex(path, i)+".title", "", limitSeveralSectionsTitle)
			}
		}
	}
}

func (c Catalog) check(found *checker) {
	found.bodyAndFooter(c.Body, c.Footer)
	found.text(interactivePath+".action.parameters.thumbnail_product_retailer_id", c.ThumbnailID, limitNone)
}

func (p ProductItem) check(c *checker, path string) {
	c.text(path+".catalog_id", p.CatalogID, limitRequired)
	c.text(path+".product_retailer_id", p.RetailerID, limitRequired)
}

// products checks what all lists of products have in common.
func (c *checker) products(path string, sections []ProductSection) {
	products := 0
	for i, section := range sections {
		path := atIndex(path, i)
		c.text(path+".title", section.Title, limitProductSectionTitle)
		c.count(path+".product_items", len(section.Products), limitSectionProducts)
		for j, product := range section.Products {
			path := atIndex(path+".product_items", j)
			c.text(path+".catalog_id", product.CatalogID, limitNone)
			c.text(path+".product_retailer_id", product.RetailerID, limitRequired)
		}
		products += len(section.Products)
	}
	if !limitProducts.allows(products) {
		c.add(path, limitProducts.String()+" in all sections", quantity(products, limitProducts.unit))
	}
}
