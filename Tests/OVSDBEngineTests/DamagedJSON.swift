import JSONRPC
import TestSupport

extension JSON {
    /// The value with one of others in the place of a random part, or with the part taken away.
    func damaged(by values: [JSON], using random: inout SplitMix64) -> JSON {
        switch self {
        case .array(var elements) where !elements.isEmpty:
            let index = Int.random(in: 0..<elements.count, using: &random)
            if Int.random(in: 0..<12, using: &random) == 0 {
                elements.remove(at: index)
            } else {
                elements[index] = elements[index].damaged(by: values, using: &random)
            }
            return .array(elements)
        case .object(var object) where !object.isEmpty:
            guard let key = object.keys.randomElement(using: &random) else { return self }
            let isRemoved = Int.random(in: 0..<12, using: &random) == 0
            object[key] = isRemoved ? nil : object[key]?.damaged(by: values, using: &random)
            return .object(object)
        default:
            return values.randomElement(using: &random) ?? .null
        }
    }
}
