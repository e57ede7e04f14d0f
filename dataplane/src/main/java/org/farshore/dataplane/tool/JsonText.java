package org.farshore.dataplane.tool;

import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Writes maps, lists, texts, numbers and booleans as JSON. The data plane reads no JSON, and its tools write so little of
 * it that a library would be the larger part.
 */
final class JsonText {
    private JsonText() {}

    static String of(final Object value) {
        final StringBuilder text = new StringBuilder();
        write(text, value);
        return text.toString();
    }

    private static void write(final StringBuilder text, final Object value) {
        if (value instanceof Map<?, ?> map) {
            writeObject(text, map);
        } else if (value instanceof List<?> list) {
            writeArray(text, list);
        } else if (value instanceof Double number) {
            text.append(Double.isFinite(number) ? String.format(Locale.ROOT, "%.3f", number) : "null");
        } else if (value == null || value instanceof Number || value instanceof Boolean) {
            text.append(value);
        } else {
            writeText(text, value.toString());
        }
    }

    private static void writeObject(final StringBuilder text, final Map<?, ?> map) {
        text.append('{');
        for (final Iterator<? extends Map.Entry<?, ?>> entries = map.entrySet().iterator(); entries.hasNext(); ) {
            final Map.Entry<?, ?> entry = entries.next();
            writeText(text, entry.getKey().toString());
            text.append(':');
            write(text, entry.getValue());
            text.append(entries.hasNext() ? "," : "");
        }
        text.append('}');
    }

    private static void writeArray(final StringBuilder text, final List<?> list) {
        text.append('[');
        for (final Iterator<?> items = list.iterator(); items.hasNext(); ) {
            write(text, items.next());
            text.append(items.hasNext() ? "," : "");
        }
        text.append(']');
    }

    private static void writeText(final StringBuilder text, final String value) {
        text.append('"');
        for (int i = 0; i < value.length(); i++) {
            final char c = value.charAt(i);
            switch (c) {
                case '"' -> text.append("\\\"");
                case '\\' -> text.append("\\\\");
                case '\n' -> text.append("\\n");
                case '\t' -> text.append("\\t");
                default -> text.append(c < ' ' ? String.format(Locale.ROOT, "\\u%04x", (int) c) : String.valueOf(c));
            }
        }
        text.append('"');
    }
}
