package org.farshore.dataplane.tool;

import org.agrona.DirectBuffer;

/** What {@code farshore journal dump} prints of a frame's body, for tests of other packages. */
public final class FrameTextAccess {
    private FrameTextAccess() {}

    public static String of(final int frameType, final DirectBuffer buffer, final int offset, final int length) {
        return FrameText.of(frameType, buffer, offset, length);
    }
}
