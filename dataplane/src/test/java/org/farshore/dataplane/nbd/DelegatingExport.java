package org.farshore.dataplane.nbd;

import java.io.IOException;

/** Another export, for a test to change one thing about. */
class DelegatingExport implements NbdExport {
    private final NbdExport delegate;

    DelegatingExport(final NbdExport delegate) {
        this.delegate = delegate;
    }

    @Override
    public long sizeBytes() {
        return delegate.sizeBytes();
    }

    @Override
    public String description() {
        return delegate.description();
    }

    @Override
    public boolean isReadOnly() {
        return delegate.isReadOnly();
    }

    @Override
    public boolean canTrim() {
        return delegate.canTrim();
    }

    @Override
    public boolean isZeroingFast() {
        return delegate.isZeroingFast();
    }

    @Override
    public boolean isCoherentAcrossConnections() {
        return delegate.isCoherentAcrossConnections();
    }

    @Override
    public boolean knowsHoles() {
        return delegate.knowsHoles();
    }

    @Override
    public NbdAccess open() throws IOException {
        return delegate.open();
    }
}
