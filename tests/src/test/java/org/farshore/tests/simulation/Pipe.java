package org.farshore.tests.simulation;

import java.util.ArrayDeque;

/** One direction of one stream of a connection: messages in order, each with the time at which it arrives. */
final class Pipe {
    private record Message(byte[] bytes, long dueNs) {}

    private final ArrayDeque<Message> messages = new ArrayDeque<>();
    private long lastDueNs;
    private int length;
    private boolean isCut;

    /** Bytes under way. */
    int length() {
        return length;
    }

    boolean isEmpty() {
        return messages.isEmpty();
    }

    /** Sends; what is sent into a cut pipe is lost. */
    void add(final byte[] bytes, final long dueNs) {
        if (!isCut) {
            lastDueNs = Math.max(lastDueNs, dueNs);
            messages.add(new Message(bytes, lastDueNs));
            length += bytes.length;
        }
    }

    /** The next message if it has arrived, else null. */
    byte[] peek(final long nowNs) {
        final Message message = messages.peek();
        return message == null || message.dueNs > nowNs ? null : message.bytes;
    }

    void take() {
        length -= messages.poll().bytes.length;
    }

    /** Nothing more gets through; so many thousandths of what is under way had arrived already. */
    void cut(final int permille) {
        isCut = true;
        final int kept = messages.size() * permille / 1000;
        while (messages.size() > kept) {
            length -= messages.pollLast().bytes.length;
        }
    }

    void clear() {
        messages.clear();
        length = 0;
        isCut = false;
    }
}
