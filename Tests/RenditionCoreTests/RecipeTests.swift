import RenditionCore
import Testing

@Suite("The recipe")
struct RecipeTests {
    private static let mark = Watermark(logo: .init(etag: "e", bytes: [1]), text: "Zoé", opacity: 0.5, sizePercent: 20)

    private static func recipe(_ change: (inout RenderInstructions) -> Void = { _ in }) -> String {
        var instructions = RenderInstructions(watermark: mark)
        change(&instructions)
        return Recipe.hash(renderer: "r", instructions: instructions, originalETag: "e")
    }

    @Test func everyInstructionIsPartOfIt() {
        let recipes = [
            Self.recipe(),
            Self.recipe { $0.sizes = [.small] },
            Self.recipe { $0.sharpening = .standard },
            Self.recipe { $0.gamut = .p3 },
            Self.recipe { $0.metadata = .none },
            Self.recipe { $0.furtherFormats = ["medium": [.webp]] },
            Self.recipe { $0.furtherFormats = ["medium": [.avif]] },
            Self.recipe { $0.adjustments.brightness = 1.1 },
            Self.recipe { $0.adjustments.contrast = 1.1 },
            Self.recipe { $0.adjustments.saturation = 1.1 },
            Self.recipe { $0.watermark = nil },
            Self.recipe { $0.watermark?.logo = nil },
            Self.recipe { $0.watermark?.logo?.etag = "f" },
            Self.recipe { $0.watermark?.text = "Zoe" },
            Self.recipe { $0.watermark?.text = nil },
            Self.recipe { $0.watermark?.position = .center },
            Self.recipe { $0.watermark?.opacity = 0.6 },
            Self.recipe { $0.watermark?.sizePercent = 21 },
        ]
        #expect(Set(recipes).count == recipes.count)
    }

    @Test func theSameChoicesAreTheSameRecipe() {
        #expect(Self.recipe() == Self.recipe())
        // The logo counts by its ETag, so that nothing has to be read to know what stands there.
        #expect(Self.recipe { $0.watermark?.logo?.bytes = [] } == Self.recipe())
    }

    @Test func furtherFormatsAreReadAsTheyAreWritten() {
        #expect(FurtherFormats.parse("") == [:])
        #expect(FurtherFormats.parse("medium:avif") == ["medium": [.avif]])
        #expect(FurtherFormats.parse("avif, medium:webp")?["medium"] == [.webp, .avif])
        #expect(FurtherFormats.parse("webp")?.count == 4)
        for wrong in ["jpeg", "png", "huge:webp", "medium:", ":webp", "medium:webp:avif"] {
            #expect(FurtherFormats.parse(wrong) == nil, "\(wrong)")
        }
    }
}
