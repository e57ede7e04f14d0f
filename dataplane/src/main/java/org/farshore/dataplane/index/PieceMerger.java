package org.farshore.dataplane.index;

/** Makes one piece of neighbours that lie behind each other. One thread. */
final class PieceMerger {
    private enum Source {
        NOTHING,
        BASE,
        ZERO,
        JOURNAL
    }

    private PieceHandler handler;
    private Source source = Source.NOTHING;
    private long begin;
    private long length;
    private long position;
    private long payloadOffset;

    void begin(final PieceHandler newHandler) {
        handler = newHandler;
        source = Source.NOTHING;
    }

    void base(final long offset, final long count) {
        add(Source.BASE, offset, count, 0, 0);
    }

    void zero(final long offset, final long count) {
        add(Source.ZERO, offset, count, 0, 0);
    }

    void journal(final long offset, final long count, final long framePosition, final long offsetInPayload) {
        add(Source.JOURNAL, offset, count, framePosition, offsetInPayload);
    }

    private void add(
            final Source newSource,
            final long offset,
            final long count,
            final long framePosition,
            final long offsetInPayload) {
        final boolean follows = newSource == source
                && (source != Source.JOURNAL
                        || (framePosition == position && offsetInPayload == payloadOffset + length));
        if (follows) {
            length += count;
            return;
        }
        end();
        source = newSource;
        begin = offset;
        length = count;
        position = framePosition;
        payloadOffset = offsetInPayload;
    }

    /** Hands out the last piece. */
    void end() {
        switch (source) {
            case BASE -> handler.onBase(begin, length);
            case ZERO -> handler.onZero(begin, length);
            case JOURNAL -> handler.onJournal(begin, length, position, (int) payloadOffset);
            case NOTHING -> {}
        }
        source = Source.NOTHING;
    }
}
