"""What every room of the portal shares: the frame of the pages, error handling, security headers, the way upstream.

It knows nothing of any single page, and nothing of the upstream's URLs or JSON.
"""
